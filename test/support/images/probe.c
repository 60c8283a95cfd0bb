/* The one program of images without a shell: does what tests want of a program, with nothing but its libc.
   probe say WORD...      the words, one a line
   probe warn WORD...     the same on standard error
   probe env NAME...      "NAME=value", one a line; "NAME" alone where it is not set
   probe id               "uid gid"
   probe pwd              the working directory
   probe cat FILE         the file
   probe write FILE TEXT  makes the file
   probe exit CODE
   probe sleep SECONDS
   probe eat MIB          writes to so much memory, then says "ate"
   probe serve PORT TEXT  answers every TCP connection with TEXT as HTTP, until it is ended
   probe get HOST PORT    what an HTTP server of this address (IPv4) answers to GET /
   Several in one call stand apart by "--": each runs until one fails. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int pause_for(double seconds) {
  struct timespec left = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
  return nanosleep(&left, NULL);
}

static int failed(const char *what) {
  fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
  return 1;
}

static int copy(FILE *from) {
  char buffer[65536];
  size_t count;
  while ((count = fread(buffer, 1, sizeof buffer, from)) > 0) fwrite(buffer, 1, count, stdout);
  return 0;
}

static int serve(int port, const char *text) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return failed("bind");
  if (listen(listener, 64) != 0) return failed("listen");
  signal(SIGPIPE, SIG_IGN);
  printf("serving on %d\n", port);
  fflush(stdout);
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    char request[4096];
    if (read(peer, request, sizeof request) >= 0)
      dprintf(peer, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(text), text);
    close(peer);
  }
}

static int get(const char *host, const char *port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  int problem = getaddrinfo(host, port, &hints, &found);
  if (problem != 0) return fprintf(stderr, "probe: %s: %s\n", host, gai_strerror(problem)), 1;
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(peer, found->ai_addr, found->ai_addrlen) != 0) return failed(host);
  dprintf(peer, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", host);
  return copy(fdopen(peer, "r"));
}

static int eat(long mebibytes) {
  for (long done = 0; done < mebibytes; done++) {
    char *memory = malloc(1 << 20);
    if (memory == NULL) return failed("malloc");
    memset(memory, (int)done + 1, 1 << 20);
  }
  return puts("ate"), 0;
}

static int run(int count, char **words) {
  const char *verb = count > 0 ? words[0] : "say";
  const char *first = count > 1 ? words[1] : "";
  if (strcmp(verb, "say") == 0 || strcmp(verb, "warn") == 0) {
    for (int at = 1; at < count; at++) fprintf(verb[0] == 's' ? stdout : stderr, "%s\n", words[at]);
    return 0;
  }
  if (strcmp(verb, "env") == 0) {
    for (int at = 1; at < count; at++) {
      const char *value = getenv(words[at]);
      printf(value == NULL ? "%s\n" : "%s=%s\n", words[at], value);
    }
    return 0;
  }
  if (strcmp(verb, "id") == 0) return printf("%d %d\n", (int)getuid(), (int)getgid()), 0;
  if (strcmp(verb, "pwd") == 0) {
    char path[4096];
    if (getcwd(path, sizeof path) == NULL) return failed("getcwd");
    return puts(path), 0;
  }
  if (strcmp(verb, "cat") == 0) {
    FILE *file = fopen(first, "r");
    return file == NULL ? failed(first) : copy(file);
  }
  if (strcmp(verb, "write") == 0) {
    FILE *file = fopen(first, "w");
    if (file == NULL) return failed(first);
    fputs(count > 2 ? words[2] : "", file);
    return fclose(file) == 0 ? 0 : failed(first);
  }
  if (strcmp(verb, "exit") == 0) return atoi(first);
  if (strcmp(verb, "sleep") == 0) return pause_for(atof(first)), 0;
  if (strcmp(verb, "eat") == 0) return eat(atol(first));
  if (strcmp(verb, "serve") == 0) return serve(atoi(first), count > 2 ? words[2] : "");
  if (strcmp(verb, "get") == 0) return get(first, count > 2 ? words[2] : "80");
  fprintf(stderr, "probe: what is %s?\n", verb);
  return 64;
}

/* A first process has no default actions. */
static void end(int number) { _exit(128 + number); }

int main(int count, char **words) {
  signal(SIGTERM, end);
  signal(SIGINT, end);
  int start = 1;
  for (int at = 1; at <= count; at++) {
    if (at < count && strcmp(words[at], "--") != 0) continue;
    int code = run(at - start, words + start);
    fflush(stdout);
    if (code != 0) return code;
    start = at + 1;
  }
  return 0;
}
