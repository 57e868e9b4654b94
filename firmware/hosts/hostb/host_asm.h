/* HostB for assembly: linked where it runs. */
#define HOST_VIRTUAL_BASE 0
