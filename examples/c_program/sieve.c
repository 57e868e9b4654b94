/* The sieve of Eratosthenes. */
#define LIMIT 1000

int primes;
static unsigned char composite[LIMIT];

static __attribute__((noinline)) void strike(int prime)
{
    for (int n = prime * prime; n < LIMIT; n += prime)
        composite[n] = 1;
}

int main(void)
{
    for (int n = 2; n < LIMIT; n++) {
        if (composite[n])
            continue;
        primes++;
        if (n * n < LIMIT)
            strike(n);
    }
    return 0;
}
