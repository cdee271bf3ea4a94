#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "lanewise/io.hpp"

namespace lanewise {

namespace {

[[noreturn]] void fail(const char* doing, const std::filesystem::path& file) {
    throw std::runtime_error(fmt::format("cannot {} {}: {}", doing, file.string(),
                                         errno != 0 ? std::strerror(errno) : "the device did not take it"));
}

void refuse_directory(const char* doing, const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_directory(file, error)) return;
    errno = EISDIR;
    fail(doing, file);
}

/// Returns when what was written is where a power cut does not reach it.
bool sync(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;  // not every file system can
    ::close(descriptor);
    return synced;
}

bool is_special(const std::filesystem::path& file) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
    refuse_directory("read", file);
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) fail("read", file);
    std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (stream.bad()) fail("read", file);
    return content;
}

WholeFile::WholeFile(std::filesystem::path file) : file_(std::move(file)) {
    refuse_directory("write", file_);
    // A link keeps pointing at the file, which keeps its permissions.
    std::error_code error;
    if (std::filesystem::is_symlink(file_, error)) file_ = std::filesystem::weakly_canonical(file_);
    if (!is_special(file_)) {
        temporary_ = file_;
        temporary_ += fmt::format(".{}.tmp", ::getpid());
    }
    errno = 0;
    stream_.open(temporary_.empty() ? file_ : temporary_, std::ios::binary | std::ios::trunc);
    if (!stream_) {
        temporary_.clear();
        fail("write", file_);
    }
    const auto before = std::filesystem::status(file_, error);
    if (!temporary_.empty() && std::filesystem::exists(before))
        std::filesystem::permissions(temporary_, before.permissions(), error);
}

WholeFile::~WholeFile() {
    if (temporary_.empty()) return;
    stream_.close();
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
}

void WholeFile::write(std::string_view text) {
    errno = 0;
    stream_.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream_ && error_ == 0) error_ = errno;
}

void WholeFile::commit() {
    errno = error_;
    stream_.close();
    if (!stream_) fail("write", file_);
    if (temporary_.empty()) return;
    if (!sync(temporary_)) fail("write", file_);
    std::error_code error;
    std::filesystem::rename(temporary_, file_, error);
    if (error) {
        errno = error.value();
        fail("write", file_);
    }
    temporary_.clear();
}

}  // namespace lanewise
