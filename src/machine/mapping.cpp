#include "mapping.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace lanewise::machine {

namespace {

[[noreturn]] void refuse(const char* what) {
    throw std::runtime_error(fmt::format("the system refuses {}: {}", what, std::strerror(errno)));
}

}  // namespace

Mapping::Mapping(std::size_t bytes, const std::function<void(std::byte*)>& write) : bytes_(bytes) {
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) refuse("memory for machine code");
    begin_ = static_cast<std::byte*>(memory);
    try {
        write(begin_);
        if (mprotect(memory, bytes, PROT_READ | PROT_EXEC) != 0) refuse("to make memory executable");
    } catch (...) {
        munmap(memory, bytes);
        throw;
    }
#if defined(__aarch64__)
    __builtin___clear_cache(reinterpret_cast<char*>(begin_), reinterpret_cast<char*>(begin_ + bytes_));
#endif
}

Mapping::~Mapping() {
    munmap(begin_, bytes_);
}

void tell_perf(const std::byte* begin, std::size_t bytes, std::string_view name) {
    if (secure_getenv("LANEWISE_PERF_MAP") == nullptr) return;
    const std::string file = fmt::format("/tmp/perf-{}.map", getpid());
    const std::string line =
        fmt::format("{:x} {:x} {}\n", reinterpret_cast<std::uintptr_t>(begin), bytes, name);
    const int map =
        open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (map < 0) return;
    // The name can be guessed: what is not a file of our own alone is left as it is.
    struct stat found {};
    if (fstat(map, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == geteuid() &&
        found.st_nlink == 1) {
        [[maybe_unused]] const ssize_t written = write(map, line.data(), line.size());
    }
    close(map);
}

}  // namespace lanewise::machine
