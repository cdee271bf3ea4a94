// The machine code of one program for one instruction set and precision: none yet, being made, or there.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "compiler.hpp"
#include "kernels/table.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/own_kernels.hpp"
#include "lanewise/precision.hpp"
#include "program/lower.hpp"

namespace lanewise::jit {

/// Threads may share one.
class Compiled {
  public:
    Compiled() = default;
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled();

    /// See Objective::compile. What failed is not tried again, unless that is to be told of.
    void make(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision, Compile how);

    /// Null while there is none.
    const kernels::Native* kernels() const noexcept { return kernels_.load(std::memory_order_acquire); }

  private:
    enum class State { untried, not_in_cache, at_work, failed, done };

    void look_up(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision);
    void begin(Isa isa);
    void take_up(bool wait);
    bool open(const std::filesystem::path& file);
    void fail(std::string why);
    void clean_up();

    std::mutex mutex_;
    State state_ = State::untried;
    std::string why_;                ///< it failed
    std::string source_;             ///< while it may still be compiled
    std::filesystem::path place_;    ///< where it is kept
    std::filesystem::path made_;     ///< where the compiler writes
    std::filesystem::path private_;  ///< a folder for it alone, where there is no cache
    std::unique_ptr<Compiler> compiler_;
    void* library_ = nullptr;
    std::atomic<const kernels::Native*> kernels_ = nullptr;
};

}  // namespace lanewise::jit
