// The course of a run: what it does in each iteration.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "kernels/table.hpp"
#include "lanewise/options.hpp"

namespace lanewise {

struct Course {
    explicit Course(const Options& options)
        : rule(options.rule),
          schedule(options.schedule),
          warm_up(options.warm_up),
          final_alpha(options.used_final_alpha()),
          scale(options.scale),
          iterations(options.rule.method == Method::lbfgs ? 0 : options.iterations) {}

    Rule rule;
    Schedule schedule;
    std::size_t warm_up;
    double final_alpha;
    Scale scale;
    std::size_t iterations;  ///< steps of the rule; L-BFGS comes after them

    bool operator==(const Course&) const = default;
};

/// alpha in iteration k.
double step_size(const Course& course, std::size_t k);

/// The name that the kernels have for a method. L-BFGS is no step of theirs: while its runs are in a wave
/// they keep as little as those of gradient descent.
kernels::Method kernel_method(Method method) noexcept;

/// Step `k` (from 0) of a course; see kernels::Step. `sign` is -1 when maximising. Computed in double for
/// either precision, with SLEEF's portable scalar functions: the same bits with every C library and
/// processor.
template <class T>
kernels::Step<T> step_at(const Course& course, std::size_t k, double sign = 1);

/// The steps of courses, stage by stage.
template <class T>
class Steps {
  public:
    explicit Steps(double sign) : sign_(sign) {}

    /// Steps `first` to `first + count - 1`, until the next call.
    std::span<const kernels::Step<T>> of(const Course& course, std::size_t first, std::size_t count);

    /// The same, of courses that come again and again: of a search's waves, and of their offspring. All their
    /// steps are kept, unless they are too many.
    std::span<const kernels::Step<T>> of_known(const Course& course, std::size_t first, std::size_t count);

  private:
    void append(std::vector<kernels::Step<T>>& steps, const Course& course, std::size_t begin,
                std::size_t end) const;

    struct Known {
        Course course;
        std::vector<kernels::Step<T>> steps;  ///< from the first on
    };
    double sign_;
    std::array<std::optional<Known>, 2> known_;  ///< newest first
    std::vector<kernels::Step<T>> of_stage_;     ///< of a course of which they are not kept
};

}  // namespace lanewise
