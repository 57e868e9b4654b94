"""The C++ program that replays a recording in a model from Verilator or cxxrtl."""

from engines.design import words
from engines.program import FACTOR

__all__ = ["replay_program"]

#: `put` and `get` are the model's: they set an input to the words of a row, and return a word of an
#: output.
PROGRAM = """
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>
{before}
// The most memory that this process has held, in KB.
static long peak() {{
    long size = 0;
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6)) size = atol(line + 6);
    return size;
}}
int main(int argc, char **argv) {{
    FILE *file = fopen(argv[1], "rb");
    fseek(file, 0, SEEK_END);
    std::vector<uint64_t> rows(ftell(file) / 8);
    rewind(file);
    if (fread(rows.data(), 8, rows.size(), file) != rows.size()) return 1;
    clock_t begin = clock();
    {model}
    uint64_t checksum = 0;
    const uint64_t *row = rows.data();
    size_t cycles = rows.size() / {columns};
    clock_t start = clock();
    for (size_t cycle = 0; cycle < cycles; cycle++, row += {columns}) {{
        {low}
        {inputs}
        {settle}
        {shown_low}
        {outputs}
        {high}
        {settle}
        {shown_high}
    }}
    {last}
    clock_t end = clock();
    {after}
    printf("%.6f %llu %.6f %ld\\n", double(end - start) / CLOCKS_PER_SEC,
           (unsigned long long)checksum, double(start - begin) / CLOCKS_PER_SEC, peak());
}}
"""


def replay_program(ports, name, **model):
    """Return the program.

    Parameters
    ----------
    ports : Ports
    name : callable
        Returns the C++ name of a port.
    model : dict of str to str
        C++: `before` the program; the `model` named `top`; the clock `low` and `high`; `settle`;
        `after` the run. Of a waveform, if there is one: `shown_low` and `shown_high` in a cycle,
        `last`.
    """
    inputs = [f"put({name(path)}, row + {column});" for path, column in ports.columns.items()]
    found = [f"get({name(path)}, {word})"
             for path, width in ports.outputs.items() for word in range(words(width))]
    outputs = [f"checksum = checksum * {FACTOR}u;",
               *(f"checksum += {2 * place + 1}u * {word};" for place, word in enumerate(found))]
    model = dict.fromkeys(("after", "shown_low", "shown_high", "last"), "") | model
    return PROGRAM.format(columns=max(ports.count, 1), inputs="\n        ".join(inputs),
                          outputs="\n        ".join(outputs), **model)
