// Runs the program as a user does.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "folder.hpp"
#include "lanewise/io.hpp"

namespace lanewise::test {

using Words = std::vector<std::string>;

inline Words operator+(Words a, const Words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct Outcome {
    int code = 0;
    std::string out, err;
    long peak_kilobytes = 0;
};

/// Starts the program with these arguments; its output goes to files in `folder`. A shell does that by the
/// script, where "$@" is the program with its arguments.
inline pid_t start(const Folder& folder, const std::vector<std::string>& arguments,
                   const std::string& script = "exec \"$@\"") {
    const std::string out = folder / "stdout";
    const std::string err = folder / "stderr";
    // There to be read however early the child ends.
    for (const std::string& file : {out, err}) std::ofstream(file).flush();
    const pid_t child = fork();
    if (child == 0) {
        if (std::freopen(out.c_str(), "w", stdout) == nullptr ||
            std::freopen(err.c_str(), "w", stderr) == nullptr)
            _exit(99);
        std::vector<std::string> words = {"sh", "-c", script, "sh", LANEWISE_PROGRAM};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        argv.reserve(words.size() + 1);
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        execv("/bin/sh", argv.data());
        _exit(98);
    }
    return child;
}

inline Outcome finish(const Folder& folder, pid_t child) {
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read_file(folder / "stdout"),
            read_file(folder / "stderr"), usage.ru_maxrss};
}

/// Waits until something is so, a minute at most, or the child has ended.
template <class Condition>
void wait_for(pid_t child, Condition is_so) {
    const auto has_ended = [child] {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == child;
    };
    for (int waited = 0; waited < 60'000 && !is_so() && !has_ended(); ++waited)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

inline Outcome run(const std::vector<std::string>& arguments, const std::string& script = "exec \"$@\"") {
    const Folder folder;
    return finish(folder, start(folder, arguments, script));
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

}  // namespace lanewise::test
