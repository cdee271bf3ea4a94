#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "lanewise/io.hpp"

namespace lanewise {

namespace {

using Path = std::filesystem::path;

[[noreturn]] void fail(const char* doing, const Path& file) {
    throw std::runtime_error(fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno)));
}

void refuse_directory(const char* doing, const Path& file) {
    std::error_code error;
    if (!std::filesystem::is_directory(file, error)) return;
    errno = EISDIR;
    fail(doing, file);
}

/// A file descriptor that is closed when its owner goes.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    explicit operator bool() const noexcept { return number_ >= 0; }
    int number() const noexcept { return number_; }

  private:
    int number_;
};

// The files that a WholeFile is written to at first. Their writer holds a lock on them as long as it lives.
constexpr std::string_view temporary_begin = ".lanewise-";
constexpr std::string_view temporary_end = ".tmp";
constexpr std::size_t temporary_digits = 16;

std::string random_temporary_name() {
    std::random_device random;
    const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
    return fmt::format("{}{:016x}{}", temporary_begin, number, temporary_end);
}

bool is_temporary_name(std::string_view name) {
    if (name.size() != temporary_begin.size() + temporary_digits + temporary_end.size() ||
        !name.starts_with(temporary_begin) || !name.ends_with(temporary_end))
        return false;
    const std::string_view digits = name.substr(temporary_begin.size(), temporary_digits);
    return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool lock(int descriptor) {
    return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

/// Removes the temporary files whose writers are gone: nobody holds their locks.
void remove_leftovers(const Path& folder) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (!is_temporary_name(entry->path().filename().string()) || is_special(entry->path())) continue;
        const Descriptor leftover(
            ::open(entry->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (leftover && lock(leftover.number())) ::unlink(entry->path().c_str());
    }
}

Path folder_of(const Path& file) {
    return file.has_parent_path() ? file.parent_path() : Path(".");
}

/// Writes all of it; else errno says why not.
bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        errno = 0;
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// `file` is what errors call it.
std::string read_all(int descriptor, const Path& file) {
    constexpr std::size_t most_of_device = std::size_t{1} << 30U;
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail("read", file);
    const bool is_regular = S_ISREG(status.st_mode);
    constexpr std::size_t piece = std::size_t{1} << 16U;
    std::string content;
    if (is_regular) content.reserve(static_cast<std::size_t>(status.st_size) + piece);
    for (std::size_t size = 0;;) {
        content.resize(size + piece);
        const ssize_t got = ::read(descriptor, content.data() + size, piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read", file);
        size += static_cast<std::size_t>(got);
        content.resize(size);
        if (got == 0) return content;
        if (!is_regular && size > most_of_device) {
            errno = EFBIG;
            fail("read", file);
        }
    }
}

}  // namespace

std::string read_file(const Path& file) {
    refuse_directory("read", file);
    const Descriptor source(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) fail("read", file);
    return read_all(source.number(), file);
}

std::string read_file_or_stdin(const Path& file) {
    return file == "-" ? read_all(STDIN_FILENO, name_of_input(file)) : read_file(file);
}

std::string name_of_input(const Path& file) {
    return file == "-" ? "stdin" : file.string();
}

bool is_special(const Path& file) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

Path end_of_links(Path file) {
    constexpr int most_links = 40;  // as Linux follows
    if (is_special(file)) return file;
    std::error_code error;
    for (int links = 0; std::filesystem::is_symlink(file, error); ++links) {
        const Path target = links < most_links ? std::filesystem::read_symlink(file, error) : Path();
        if (target.empty()) {
            errno = links < most_links ? error.value() : ELOOP;
            fail("write", file);
        }
        file = target.is_absolute() ? target : folder_of(file) / target;
    }
    const Path folder = std::filesystem::canonical(folder_of(file), error);
    return error ? file : folder / file.filename();
}

WholeFile::WholeFile(Path file) : file_(std::move(file)) {
    refuse_directory("write", file_);
    file_ = end_of_links(std::move(file_));
    if (is_special(file_)) {
        descriptor_ = ::open(file_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    } else {
        open_temporary();
    }
    if (descriptor_ < 0) fail("write", file_);
}

void WholeFile::open_temporary() {
    struct stat before {};
    const bool exists = ::stat(file_.c_str(), &before) == 0;
    if (exists && ::access(file_.c_str(), W_OK) != 0) return;
    const Path folder = folder_of(file_);
    remove_leftovers(folder);
    for (struct stat now{}; descriptor_ < 0;) {
        temporary_ = folder / random_temporary_name();
        constexpr mode_t readable = 0666;
        constexpr mode_t own = 0600;
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                             exists ? own : readable);
        if (descriptor_ < 0 && errno == EEXIST) continue;
        if (descriptor_ < 0) {
            temporary_.clear();
            return;
        }
        // Who looked for leftovers just now may have taken it for one. Not every file system has locks.
        const bool is_taken = !lock(descriptor_) && errno == EWOULDBLOCK;
        if (is_taken || ::fstat(descriptor_, &now) != 0 || now.st_nlink == 0)
            ::close(std::exchange(descriptor_, -1));
    }
    // A file keeps its permissions and, as far as that is allowed, its owner.
    if (!exists) return;
    [[maybe_unused]] const int owned = ::fchown(descriptor_, before.st_uid, before.st_gid);
    constexpr mode_t permissions = 0777;
    ::fchmod(descriptor_, before.st_mode & permissions);
}

WholeFile::~WholeFile() {
    // The lock goes with the descriptor: first the name, so that nobody finds it without one.
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    if (descriptor_ >= 0) ::close(descriptor_);
}

void WholeFile::write(std::string_view text) {
    constexpr std::size_t piece = std::size_t{1} << 16U;
    if (waiting_.size() + text.size() < piece) {
        waiting_ += text;
        return;
    }
    put(std::exchange(waiting_, {}));
    put(text);
}

void WholeFile::put(std::string_view text) {
    if (error_ == 0 && !write_all(descriptor_, text)) error_ = errno != 0 ? errno : EIO;
}

void WholeFile::commit() {
    put(std::exchange(waiting_, {}));
    errno = error_;
    if (error_ != 0) fail("write", file_);
    if (!temporary_.empty()) {
        // What was written is then where a power cut does not reach it. Not every file system can do this.
        if (::fsync(descriptor_) != 0 && errno != EINVAL) fail("write", file_);
        if (::rename(temporary_.c_str(), file_.c_str()) != 0) fail("write", file_);
        temporary_.clear();
    }
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", file_);
}

}  // namespace lanewise
