#ifndef COUNT_H
#define COUNT_H

#include <stdio.h>

struct counts {
  unsigned long lines;
  unsigned long words;
  unsigned long bytes;
};

/* Reads to the end of the stream. Returns 0, or -1 with errno set. */
int count_stream(FILE *stream, struct counts *counts);

#endif
