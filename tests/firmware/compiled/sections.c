/* Where things are: sections, alignment, visibility, aliases, weak symbols, constructors. */

#define IN(name) __attribute__((section(name)))

extern int optional(int value) __attribute__((weak));
extern int required;
int common_words[10];
static char local_bytes[37];
static short local_halves[5];
int initialised = 5;
const int constant = 7;
char letters[] = "letters\0 and \"more\"";
long long aligned __attribute__((aligned(32))) = -1;
static int in_own IN(".own.data") = 1;
static const char in_fixed[] IN(".fixed") = {1, 2, 3, 4, 5};
int weak_value __attribute__((weak)) = 4;
int hidden_value __attribute__((visibility("hidden"))) = 6;
int protected_value __attribute__((visibility("protected")));

IN(".fast") int fast(int value) { return value + in_own++; }
__attribute__((cold)) int slow(int value) { return value - in_fixed[value % 5]; }
static int target(int value) { return value * initialised + constant; }
int alias(int value) __attribute__((alias("target")));
int weak_alias(int value) __attribute__((weak, alias("target")));
__attribute__((visibility("hidden"))) int hidden(int value) { return value ^ hidden_value; }

__attribute__((constructor)) static void begin(void) { weak_value++; }
__attribute__((destructor)) static void end(void) { weak_value--; }
__attribute__((aligned(64))) int far(int value) { return value; }

int use(int value)
{
    if (__builtin_expect(value > 1000, 0))
        return slow(value);
    local_bytes[value % 37]++;
    local_halves[value % 5] -= value;
    common_words[value % 10] += local_bytes[value % 37] + local_halves[0];
    return fast(value) + target(value) + hidden(value) + required + (int)aligned
        + (optional ? optional(value) : 0) + letters[value % 8] + protected_value + far(3);
}
