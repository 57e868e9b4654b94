"""Instructions a cycle, cache and TLB misses of small integer programs: docs/workloads.md."""

from pteg.workloads import measure, report

if __name__ == "__main__":
    print("\n".join(report(measure())))
