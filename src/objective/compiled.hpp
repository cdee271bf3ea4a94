// The machine code of one program for one instruction set and precision, once it is made.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "lanewise/program.hpp"
#include "machine/machine_code.hpp"

namespace lanewise {

/// Threads may share one.
class Compiled {
  public:
    /// See OwnKernels::compile. What was refused is not tried again.
    void compile(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision);
    /// See OwnKernels::compile_for.
    void compile_for(double evaluations, const Lowered& lowered, std::size_t dimension, Isa isa,
                     Precision precision);

    /// Null while there are none.
    const kernels::Native* kernels() const noexcept { return kernels_.load(std::memory_order_acquire); }

    CodeReport report() const;

  private:
    mutable std::mutex mutex_;
    std::string why_not_;  ///< it was refused
    std::unique_ptr<machine::MachineCode> code_;
    std::atomic<double> evaluations_ = 0;  ///< announced so far
    std::atomic<bool> is_refused_ = false;
    std::atomic<const kernels::Native*> kernels_ = nullptr;
};

}  // namespace lanewise
