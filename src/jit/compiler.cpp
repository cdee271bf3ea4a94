#include "compiler.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace lanewise::jit {

namespace {

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < list.size();) {
        const std::size_t end = std::min(list.find(';', at), list.size());
        if (end > at) parts.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

/// A file that is gone when it is closed.
using Temporary = std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;

}  // namespace

std::string Compiler::name() {
    const char* set = std::getenv("LANEWISE_CXX");
    return set != nullptr && *set != '\0' ? set : "c++";
}

Compiler::Compiler(const std::string& source, const std::string& flags, const std::string& output) {
    const Temporary input(std::tmpfile());
    if (!input || std::fwrite(source.data(), 1, source.size(), input.get()) != source.size() ||
        std::fflush(input.get()) != 0 || lseek(fileno(input.get()), 0, SEEK_SET) != 0)
        return;

    std::vector<std::string> words = split(flags);
    words.insert(words.begin(), name());
    words.insert(words.end(), {"-o", output});
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&files) != 0) return;
    if (posix_spawnattr_init(&attributes) == 0) {
        posix_spawn_file_actions_adddup2(&files, fileno(input.get()), STDIN_FILENO);
        posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        // A group of its own: the compiler's own children end with it, and Ctrl-C is not for them.
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&attributes, 0);
        if (posix_spawnp(&child_, words.front().c_str(), &files, &attributes, arguments.data(), environ) != 0)
            child_ = -1;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
}

Compiler::~Compiler() {
    if (child_ < 0) return;
    kill(-child_, SIGKILL);
    succeeded(true);
}

std::optional<bool> Compiler::succeeded(bool wait) {
    if (child_ < 0) return succeeded_;
    int status = 0;
    pid_t ended = 0;
    do {
        ended = waitpid(child_, &status, wait ? 0 : WNOHANG);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) return {};
    // Someone else may have taken the status: then what it wrote tells.
    succeeded_ = ended < 0 ? errno == ECHILD : WIFEXITED(status) && WEXITSTATUS(status) == 0;
    child_ = -1;
    return succeeded_;
}

}  // namespace lanewise::jit
