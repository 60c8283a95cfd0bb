#include "count.h"

#include <ctype.h>

int count_stream(FILE *stream, struct counts *counts) {
  int inside_word = 0;
  int c;
  *counts = (struct counts){0, 0, 0};
  while ((c = getc(stream)) != EOF) {
    counts->bytes += 1;
    if (c == '\n') counts->lines += 1;
    if (isspace(c)) {
      inside_word = 0;
    } else if (!inside_word) {
      inside_word = 1;
      counts->words += 1;
    }
  }
  return ferror(stream) ? -1 : 0;
}
