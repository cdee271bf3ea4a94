#include "threads.hpp"

#include <omp.h>
#include <pthread.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace lanewise {

namespace {

bool is_single_threaded() {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
}

bool parent_has_threads = false;
bool threads_are_lost = false;

[[maybe_unused]] const int watching_forks =
    pthread_atfork([] { parent_has_threads = !is_single_threaded(); }, nullptr,
                   [] { threads_are_lost = threads_are_lost || parent_has_threads; });

}  // namespace

int available_threads(int asked) noexcept {
    if (threads_are_lost) return 1;
    return asked > 0 ? asked : omp_get_max_threads();
}

}  // namespace lanewise
