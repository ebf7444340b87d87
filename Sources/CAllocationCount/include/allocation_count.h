#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

/// Starts counting from 0 the calls of malloc and its kin, on all threads.
void allocation_count_start(void);

/// Stops counting. Gives how many calls there were, or -1 where they cannot be counted (under a sanitizer).
long allocation_count_stop(void);

#endif
