/* HostB for assembly: linked where it runs, and MOL's vectors where they are. */
#define HOST_VIRTUAL_BASE 0
#define HOST_VECTORS_IN_PLACE
