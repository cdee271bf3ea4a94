// The system's C++ compiler, run beside the program.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace lanewise::jit {

/// A compiler at work on one file. Not copied; ended with the object.
class Compiler {
  public:
    /// Starts it: `source` becomes the shared object `output`. The compiler is that of the environment
    /// variable LANEWISE_CXX, or c++. What cannot be started counts as failed.
    Compiler(const std::string& source, const std::string& flags, const std::string& output);
    Compiler(const Compiler&) = delete;
    Compiler& operator=(const Compiler&) = delete;
    ~Compiler();

    /// Whether it succeeded; nothing while it is at work, unless told to wait for it.
    std::optional<bool> succeeded(bool wait);

    /// What it is called.
    static std::string name();

  private:
    pid_t child_ = -1;
    bool succeeded_ = false;
};

}  // namespace lanewise::jit
