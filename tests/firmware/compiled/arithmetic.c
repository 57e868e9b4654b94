/* Integers of all sizes: carries, shifts, division, bits, conversions. */

#include <stdint.h>

uint64_t wide(uint64_t a, uint64_t b, unsigned n)
{
    return (a + b) * (a - b) ^ a << n ^ b >> (63 - n) ^ a / (b | 1) ^ a % (b | 1);
}

int64_t signed_wide(int64_t a, int64_t b)
{
    return a < b ? a * 37 - (b >> 5) : -(a / 1000) + (b % 77);
}

uint32_t divide(uint32_t a, int32_t b)
{
    return a / 10 + a % 7 + (uint32_t)(b / 1000) + (uint32_t)(b % 13) + a / 65536 + (uint32_t)(b / 8);
}

uint32_t rotate(uint32_t value, unsigned n)
{
    return (value << n | value >> (32 - n)) ^ (value << 7 | value >> 25) ^ (value & 0x00ff0000) >> 9;
}

int bits(uint32_t value)
{
    int count = 0;
    while (value) {
        count += value & 1;
        value >>= 1;
    }
    return count + __builtin_clz(count | 1) + __builtin_ctz(count | 16);
}

uint32_t crc(const uint8_t *data, unsigned size)
{
    uint32_t sum = ~0u;
    while (size--) {
        sum ^= *data++;
        for (int i = 0; i < 8; i++)
            sum = sum >> 1 ^ (0xEDB88320u & -(sum & 1));
    }
    return ~sum;
}

int32_t narrow(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e)
{
    return (int8_t)(a * b) + (int16_t)(c - d) + (uint8_t)e + (a > b) + (c <= d) * 2 + (e != 0) * 4;
}

int64_t mixed(int32_t a, uint32_t b, int64_t c)
{
    return (int64_t)a * b + (c >> (b & 63)) + (a < 0 ? -c : c) + (uint32_t)(c >> 32);
}

unsigned root(unsigned value)
{
    unsigned result = 0, bit = 1u << 30;
    while (bit > value)
        bit >>= 2;
    for (; bit; bit >>= 2) {
        if (value >= result + bit) {
            value -= result + bit;
            result = (result >> 1) + bit;
        } else
            result >>= 1;
    }
    return result;
}

void matrix(int32_t result[8][8], const int32_t a[8][8], const int16_t b[8][8])
{
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            int32_t total = 0;
            for (int k = 0; k < 8; k++)
                total += a[i][k] * b[k][j];
            result[i][j] = total;
        }
}
