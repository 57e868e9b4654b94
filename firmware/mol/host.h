/* What MOL needs from the operating system it runs on, and what it offers to it.
 *
 * Everything that differs between hosts is here. HostB implements it without an operating system,
 * HostL as a loadable part of a Unix-like kernel. docs/mol/design.md explains the seam.
 *
 * Addresses: `virtual` addresses are the host kernel's, `lvptr` addresses are those of the owner,
 * the user process that holds the guest's RAM; physical addresses are plain u32.
 */
#ifndef MOL_HOST_H
#define MOL_HOST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define PAGE_SIZE 4096u
#define NULL ((void *)0)

/* ---- Implemented by the host ---------------------------------------------------------------- */

/* Wired memory: never swapped, physically contiguous, page aligned, below 32 MB, zeroed. NULL if
 * there is none. host_alloc_aligned takes the alignment too, in pages: a hash table needs it. */
void *host_alloc_wired(u32 pages);
void *host_alloc_aligned(u32 pages, u32 alignment);
void host_free_wired(void *memory, u32 pages);

/* Physical address of wired memory or of linked code and data, and the way back. host_virtual(0)
 * gives writable access to the exception vectors. */
u32 host_physical(const void *virtual_address);
void *host_virtual(u32 physical);

/* The owner: the process that called the last host function, or trapped into MOL last. Opaque. */
struct host_owner;
struct host_owner *host_current_owner(void);

/* Point viii: the physical page of one of the owner's pages, which is paged in, zeroed or copied if
 * need be; this may sleep. From now on until the flush hook has been called for the page, the host
 * must not give the page another meaning without calling the hook. HOST_NO_PAGE: the owner has no
 * such page, or may not write it. */
#define HOST_NO_PAGE 0xFFFFFFFFu
u32 host_page_in(struct host_owner *owner, u32 lvptr, int write);

/* Point viii, the other way: the same for a page that is there, and may be written if that is asked
 * for. HOST_NO_PAGE otherwise: the user part touches it. */
u32 host_find_page(struct host_owner *owner, u32 lvptr, int write);

/* Point vi: kernel access to a page of the owner that host_page_in has just found; or copies of its
 * memory, inside one page, which page it in. They return 0 if the owner has no such memory. */
void *host_owner_page(u32 physical);
int host_copy_in(struct host_owner *owner, void *to, u32 lvptr, u32 size);
int host_copy_out(struct host_owner *owner, u32 lvptr, const void *from, u32 size);

/* Point v: the host's hash table, as SDR1. Only the base and mask are used. */
u32 host_sdr1(void);

/* Point iv: the lock of the hash table. Interrupts are off between lock and unlock; the lock word
 * and the code that uses it must not need the hash table. */
u32 host_hash_lock(void);
void host_hash_unlock(u32 state);

/* Point ii: the contexts that the host will never use, `count` from `first` on, for one session;
 * and the segment identifier of a context. Different contexts have different identifiers.
 * host_vsid_context is the way back. */
struct host_vsid_range { u32 first, count; };
struct host_vsid_range host_vsid_range(u32 session);
u32 host_vsid(u32 context);
u32 host_vsid_context(u32 vsid);

/* Point ii, the other way: to ask for what the host gives to a process, 16 contexts from 16 * the result
 * on, which nobody else has until they are given back. HOST_NO_SPACE: there are no more. */
#define HOST_NO_SPACE 0u
u32 host_space_alloc(void);
void host_space_free(u32 space);

/* Point iii: from now on the host calls hook(owner, lvptr, pages) before pages of an owner get
 * another meaning. NULL: no more. */
typedef void host_flush_hook(struct host_owner *owner, u32 lvptr, u32 pages);
void host_set_flush_hook(host_flush_hook *hook);

/* A line of the kernel's log. */
void host_log(const char *text);

/* Point vii, in assembly: host_call_kernel, at a physical address, entered in real mode with
 * interrupts off, the host's segments, BATs and SPRGs in place.
 *   r3 = C function (virtual address), r4 to r7 = its arguments
 *   SRR0, SRR1 = where the owner's user code continues, with the function's result in r3
 * r13 to r31 belong to the guest and come back unchanged. The host may schedule meanwhile: to it
 * the owner has made a system call. Registers r0, r8 to r12, cr, ctr, xer and lr may be lost.
 *
 * HOST_VIRTUAL_BASE (host_asm.h): virtual minus physical address of linked code and data. */

/* ---- Implemented by MOL --------------------------------------------------------------------- */

struct mol_ioctl_pb;

/* One call of the device /dev/mol (mol-ioctl.h). `virtual_pb` is in kernel space: the host has
 * copied it in, and copies it out again. Returns 0 or an error number EMOL... */
int mol_ioctl(u32 number, struct mol_ioctl_pb *virtual_pb);

/* Before the host's kernel can be used without MOL: all sessions end. */
void mol_unload(void);

#endif
