/* Floating point: constants, conversions, comparisons, calls. */

#include <stdint.h>

struct vector { float x, y, z; double weight; };

extern double sqrt(double value);
const double limits[] = {0.0, -0.0, 1.0 / 3, 1e300, -2.2250738585072014e-308, 3.5};
static float gains[4] = {0.1f, 1e-40f, 3.4e38f, -7};

double polynomial(double x)
{
    double result = 0;
    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
        result = result * x + limits[i];
    return result;
}

float dot(const struct vector *a, const struct vector *b)
{
    return (a->x * b->x + a->y * b->y) - a->z * b->z;
}

double length(struct vector v)
{
    return sqrt((double)v.x * v.x + (double)v.y * v.y + (double)v.z * v.z) * v.weight;
}

int32_t convert(double a, float b, uint32_t c, int64_t d)
{
    float gain = gains[c & 3];
    return (int32_t)(a * 2.5 + b) + (int32_t)((float)c / 3.0f) + (int32_t)(gain * (float)(int32_t)d)
        + (int32_t)(uint32_t)(a + 4e9);
}

int order(double a, double b)
{
    if (a != a || b != b)
        return 9;
    return a < b ? -1 : a > b ? 1 : a <= 0.5 ? 2 : 0;
}

double many(double a, double b, double c, double d, double e, double f, double g, double h,
            double i, float j)
{
    return ((a - b) * (c - d) + (e - f) * (g - h)) / (i - j) + (a > 1 ? b : c) - __builtin_fabs(d);
}

void scale(float *data, unsigned size, float by)
{
    while (size--) {
        *data = *data * by + 1.0f;
        gains[size & 3] -= *data++;
    }
}
