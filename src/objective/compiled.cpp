#include "compiled.hpp"

#include <new>
#include <stdexcept>

namespace lanewise {

namespace {

/// So many evaluations, each in an iteration of a search, save as much time as compiling takes
/// (bench/README). Adam's step counts like some operations.
double worth_compiling(const Lowered& lowered) {
    constexpr double per_program = 530'000;
    constexpr double per_operation = 2000;
    constexpr double of_step = 20;
    return per_operation + per_program / (static_cast<double>(lowered.instructions.size()) + of_step);
}

}  // namespace

void Compiled::compile(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision) {
    if (kernels() != nullptr) return;
    const std::lock_guard guard(mutex_);
    if (code_) return;
    if (why_not_.empty()) {
        try {
            code_ = std::make_unique<machine::MachineCode>(lowered, dimension, isa, precision);
            kernels_.store(&code_->kernels(), std::memory_order_release);
            return;
        } catch (const std::runtime_error& refused) {
            why_not_ = refused.what();
        } catch (const std::bad_alloc&) {
            why_not_ = "there is not enough memory for it";
        }
    }
    is_refused_ = true;
    throw std::runtime_error("jit: " + why_not_);
}

void Compiled::compile_for(double evaluations, const Lowered& lowered, std::size_t dimension, Isa isa,
                           Precision precision) {
    if (kernels() != nullptr) return;
    if (evaluations_.fetch_add(evaluations) + evaluations < worth_compiling(lowered)) return;
    if (is_refused_) return;
    try {
        compile(lowered, dimension, isa, precision);
    } catch (const std::runtime_error&) {
        // The interpreter goes on; the report says why.
    }
}

CodeReport Compiled::report() const {
    const std::lock_guard guard(mutex_);
    CodeReport report{.why_not = why_not_};
    if (code_) {
        report.bytes = code_->bytes();
        report.seconds = code_->seconds();
    }
    return report;
}

}  // namespace lanewise
