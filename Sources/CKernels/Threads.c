// A pool of threads that claim chunks of one job at a time.
//
// The caller publishes a job and works on it like everybody else, so that it finishes alone if the other threads are
// asleep, late or not there. Who has claimed a chunk may read the job, as its caller waits for all chunks; who comes
// late finds nothing to claim, and touches nothing.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE  // sched_getaffinity, sched_getcpu
#endif

#include "Threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// MARK: How many threads

/// The processors' worth of time that a container allows for; 0 if it says nothing.
static long container_quota(void) {
  long quota = 0, period = 0;
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
  if (!file) return 0;
  if (fscanf(file, "%ld %ld", &quota, &period) != 2 || period <= 0) quota = 0;
  fclose(file);
  return quota > 0 ? (quota + period - 1) / period : 0;
}

static int available_processors(void) {
  long count = 0;
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
#endif
  if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
  const long quota = container_quota();
  if (quota > 0 && quota < count) count = quota;
  return count < 1 ? 1 : count > WG_MAXIMUM_THREADS ? WG_MAXIMUM_THREADS : (int)count;
}

static int requested;

static void read_environment(void) {
  const char *text = getenv("WENGERT_NUM_THREADS");
  if (!text) return;
  char *end;
  errno = 0;
  const long value = strtol(text, &end, 10);
  if (end == text || *end || value < 1 || errno) {
    fprintf(stderr, "Wengert: WENGERT_NUM_THREADS is a positive whole number; given \"%s\". It is ignored.\n", text);
  } else {
    requested = value > WG_MAXIMUM_THREADS ? WG_MAXIMUM_THREADS : (int)value;
  }
}

int wg_requested_thread_count(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, read_environment);
  return requested;
}

static atomic_int thread_count;  // 0: nobody has asked yet

int wg_thread_count(void) {
  const int count = atomic_load_explicit(&thread_count, memory_order_relaxed);
  if (count > 0) return count;
  const int first = wg_requested_thread_count() > 0 ? wg_requested_thread_count() : available_processors();
  int none = 0;
  atomic_compare_exchange_strong(&thread_count, &none, first);
  return none > 0 ? none : first;
}

// MARK: The pool

/// The chunks that nobody has claimed yet, from `first` up to `end`.
typedef union {
  struct {
    uint32_t first, end;
  };
  uint64_t bits;
} wg_chunks;

/// How often who waits looks for what it waits for before it sleeps: a caller, for the last pieces, for some 25
/// microseconds, and a thread for 100, the time between two kernels of a program with work of its own. Waking a thread
/// takes its caller 5 to 20, and twice as long goes by until it works.
enum { patience = 1000, worker_patience = 4 * patience };

static struct {
  /// Somebody's job is under way, or the threads are being started or ended.
  _Alignas(64) atomic_bool is_taken;
  void (*body)(void *context, size_t chunk);
  void *context;
  pthread_t workers[WG_MAXIMUM_THREADS];
  int worker_count;

  _Alignas(64) _Atomic uint64_t unclaimed;
  _Alignas(64) atomic_size_t unfinished;

  _Alignas(64) atomic_int sleepers;
  /// The processor that the job's caller was on.
  atomic_int caller_processor;
  atomic_bool caller_sleeps, is_ending;
  pthread_mutex_t mutex;
  pthread_cond_t work, done;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

static bool has_unclaimed(void) {
  const wg_chunks chunks = {.bits = atomic_load(&pool.unclaimed)};
  return chunks.first < chunks.end;
}

/// Callers claim from the front and workers from the back, so that in job after job on the same arrays each finds what
/// its cache holds.
static bool claim(bool is_worker, size_t *chunk) {
  wg_chunks chunks = {.bits = atomic_load_explicit(&pool.unclaimed, memory_order_relaxed)};
  while (chunks.first < chunks.end) {
    wg_chunks rest = chunks;
    *chunk = is_worker ? --rest.end : rest.first++;
    // As any job's chunks are claimed the same way, it does not matter if it is another job's than a moment ago.
    if (atomic_compare_exchange_weak(&pool.unclaimed, &chunks.bits, rest.bits)) return true;
  }
  return false;
}

/// One thread is woken by the caller, and the next one by the one before: nobody pays for all.
static void wake_another(void) {
  if (atomic_load(&pool.sleepers) == 0) return;
  pthread_mutex_lock(&pool.mutex);
  pthread_cond_signal(&pool.work);
  pthread_mutex_unlock(&pool.mutex);
}

// A system may wake a thread on the processor of the one that woke it, though others are idle, and leave both there for
// milliseconds (seen with Linux 6.18 in virtual machines: nearly always). Who finds himself there moves away.
#if defined(__linux__)
static int current_processor(void) { return sched_getcpu(); }

static void leave_processor(int processor) {
  // What was given up last, and what that left: unless somebody else has changed it since, it is taken back.
  static _Thread_local cpu_set_t rest;
  static _Thread_local int given_up = -1;
  cpu_set_t allowed;
  if (processor < 0 || processor >= CPU_SETSIZE || sched_getcpu() != processor) return;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  if (given_up >= 0 && CPU_EQUAL(&allowed, &rest)) CPU_SET(given_up, &allowed);
  CPU_CLR(processor, &allowed);
  if (CPU_COUNT(&allowed) == 0 || sched_setaffinity(0, sizeof allowed, &allowed) != 0) return;
  rest = allowed;
  given_up = processor;
}
#else
static int current_processor(void) { return -1; }
static void leave_processor(int processor) { (void)processor; }
#endif

static _Thread_local bool is_worker, is_in_piece;
static _Thread_local void *scratch;
static _Thread_local size_t scratch_size;

bool wg_is_in_piece(void) { return is_in_piece; }

void *wg_worker_scratch(size_t byte_count) {
  if (!is_worker) return NULL;
  if (scratch_size < byte_count) {
    free(scratch);
    scratch_size = (byte_count + 4095) / 4096 * 4096;
    scratch = aligned_alloc(64, scratch_size);
    if (!scratch) abort();
  }
  return scratch;
}

static void *work(void *unused) {
  (void)unused;
  is_worker = true;
  leave_processor(atomic_load(&pool.caller_processor));
  for (int tries = 0; !atomic_load(&pool.is_ending);) {
    size_t chunk;
    if (claim(true, &chunk)) {
      if (tries > worker_patience && has_unclaimed()) wake_another();
      do {
        pool.body(pool.context, chunk);
        if (atomic_fetch_sub(&pool.unfinished, 1) == 1 && atomic_load(&pool.caller_sleeps)) {
          pthread_mutex_lock(&pool.mutex);
          pthread_cond_signal(&pool.done);
          pthread_mutex_unlock(&pool.mutex);
        }
      } while (claim(true, &chunk));
      tries = 0;
    } else if (tries++ < worker_patience) {
      pause_briefly();
    } else {
      pthread_mutex_lock(&pool.mutex);
      atomic_fetch_add(&pool.sleepers, 1);
      while (!has_unclaimed() && !atomic_load(&pool.is_ending)) pthread_cond_wait(&pool.work, &pool.mutex);
      atomic_fetch_sub(&pool.sleepers, 1);
      pthread_mutex_unlock(&pool.mutex);
      leave_processor(atomic_load(&pool.caller_processor));
    }
  }
  free(scratch);
  return NULL;
}

/// A child process has no threads but the one that forked.
static void forget_workers(void) {
  pool.worker_count = 0;
  pthread_mutex_init(&pool.mutex, NULL);
  pthread_cond_init(&pool.work, NULL);
  pthread_cond_init(&pool.done, NULL);
  atomic_store(&pool.sleepers, 0);
  atomic_store(&pool.unclaimed, 0);
  atomic_store(&pool.caller_sleeps, false);
  atomic_store(&pool.is_taken, false);
}

/// Starts the threads that are missing; as many as the system grants.
static void start_workers(int count) {
  static bool is_prepared;
  if (!is_prepared) is_prepared = pthread_atfork(NULL, NULL, forget_workers) == 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 21);
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.worker_count < count &&
         pthread_create(&pool.workers[pool.worker_count], &attributes, work, NULL) == 0) {
    pool.worker_count++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
}

void wg_set_thread_count(int count) {
  while (atomic_exchange(&pool.is_taken, true)) usleep(50);
  pthread_mutex_lock(&pool.mutex);
  atomic_store(&pool.is_ending, true);
  pthread_cond_broadcast(&pool.work);
  pthread_mutex_unlock(&pool.mutex);
  while (pool.worker_count > 0) pthread_join(pool.workers[--pool.worker_count], NULL);
  atomic_store(&pool.is_ending, false);
  atomic_store(&thread_count, count < 1 ? 1 : count > WG_MAXIMUM_THREADS ? WG_MAXIMUM_THREADS : count);
  atomic_store(&pool.is_taken, false);
}

static void wait_for_workers(void) {
  for (int tries = 0; atomic_load(&pool.unfinished) > 0; tries++) {
    if (tries < patience) {
      pause_briefly();
      continue;
    }
    // Somebody else has the processor that a worker needs.
    pthread_mutex_lock(&pool.mutex);
    atomic_store(&pool.caller_sleeps, true);
    while (atomic_load(&pool.unfinished) > 0) pthread_cond_wait(&pool.done, &pool.mutex);
    atomic_store(&pool.caller_sleeps, false);
    pthread_mutex_unlock(&pool.mutex);
  }
}

void wg_parallel(size_t chunk_count, bool wakes, void (*body)(void *context, size_t chunk), void *context) {
  const int count = wg_thread_count();
  if (count == 1 || chunk_count < 2 || chunk_count > UINT32_MAX || atomic_exchange(&pool.is_taken, true)) {
    for (size_t chunk = 0; chunk < chunk_count; chunk++) body(context, chunk);
    return;
  }
  atomic_store(&pool.caller_processor, current_processor());
  if (pool.worker_count < count - 1 && wakes) start_workers(count - 1);
  pool.body = body;
  pool.context = context;
  atomic_store(&pool.unfinished, chunk_count);
  atomic_store(&pool.unclaimed, ((wg_chunks){{0, (uint32_t)chunk_count}}).bits);
  if (wakes) wake_another();
  size_t chunk;
  while (claim(false, &chunk)) {
    body(context, chunk);
    atomic_fetch_sub(&pool.unfinished, 1);
  }
  wait_for_workers();
  atomic_store(&pool.is_taken, false);
}

// MARK: Cutting a kernel's work

// A thread that is still awake from the job before joins within a microsecond. One that sleeps costs the caller several,
// and comes after ten or twenty.
static _Thread_local double split_minimum = 16000;
static const double wake_factor = 2.5, piece_factor = 0.5;

void wg_set_split_minimum(double nanoseconds) { split_minimum = nanoseconds; }

typedef struct {
  wg_piece *piece;
  const void *context;
  size_t count, size;
} wg_cut;

static void run_piece(void *context, size_t chunk) {
  const wg_cut *cut = context;
  const size_t start = chunk * cut->size, end = start + cut->size;
  const bool is_nested = is_in_piece;
  is_in_piece = true;
  cut->piece(cut->context, start, end < cut->count ? end : cut->count);
  is_in_piece = is_nested;
#if defined(__SSE__)
  __builtin_ia32_sfence();  // What was written past the cache is not ordered by atomic operations.
#endif
}

bool wg_is_worth_splitting(double nanoseconds) { return nanoseconds >= split_minimum; }

void wg_split(size_t count, size_t unit, double cost, wg_piece *piece, const void *context) {
  const double minimum = split_minimum, total = (double)count * cost;
  if (total <= 0 || total < minimum || count <= unit) {
    piece(context, 0, count);
    return;
  }
  const double units = piece_factor * minimum / (cost * (double)unit);
  const size_t size = (units > 1 ? (size_t)units : 1) * unit;
  const wg_cut cut = {piece, context, count, size};
  wg_parallel((count + size - 1) / size, total >= wake_factor * minimum, run_piece, (void *)&cut);
}

// MARK: Memory

void wg_prepare_memory(void *memory, size_t byte_count) {
#if defined(MADV_HUGEPAGE)
  const uintptr_t page = 1 << 21, start = ((uintptr_t)memory + page - 1) & ~(page - 1);
  const uintptr_t end = ((uintptr_t)memory + byte_count) & ~(page - 1);
  if (byte_count >= 2 * page && start < end) madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
  (void)memory, (void)byte_count;
#endif
}
