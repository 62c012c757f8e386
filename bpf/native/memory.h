/* What the C library does with memory that is free again. */
#ifndef ROUTETAP_BPF_MEMORY_H
#define ROUTETAP_BPF_MEMORY_H

#include <stdbool.h>

/*
 * True: free memory stays with the process, until false. Each object reads the kernel's BTF (5 to 12 MB, twice) and
 * lets it go again; on fresh pages that takes several times as long as the reading itself.
 */
void memory_keep(bool keep);

#endif
