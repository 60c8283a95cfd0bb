#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "count.h"

static int report(const char *name, FILE *stream) {
  struct counts counts;
  if (count_stream(stream, &counts) != 0) {
    fprintf(stderr, "wordcount: %s: %s\n", name, strerror(errno));
    return 1;
  }
  printf("%lu %lu %lu %s\n", counts.lines, counts.words, counts.bytes, name);
  return 0;
}

int main(int argc, char **argv) {
  int failed = 0;
  if (argc < 2) return report("-", stdin);
  for (int i = 1; i < argc; i++) {
    FILE *stream = fopen(argv[i], "rb");
    if (stream == NULL) {
      fprintf(stderr, "wordcount: %s: %s\n", argv[i], strerror(errno));
      failed = 1;
      continue;
    }
    failed |= report(argv[i], stream);
    fclose(stream);
  }
  return failed;
}
