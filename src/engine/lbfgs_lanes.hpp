// L-BFGS from many points, in the lanes of one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "aligned.hpp"
#include "evaluator.hpp"
#include "halt.hpp"
#include "kernels/table.hpp"
#include "setup.hpp"

namespace lanewise {

/// When L-BFGS ends.
struct LbfgsLimits {
    /// Where two steps in a row moved no variable by more than this times (|x| + 2^-26 widths) and took three
    /// quarters of the slope along them; and where there is no slope at all.
    double tolerance = 0;
    double longest_step = std::numeric_limits<double>::infinity();  ///< in box widths, in any variable
    std::uint64_t iterations = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t evaluations = std::numeric_limits<std::uint64_t>::max();
    double target = -std::numeric_limits<double>::infinity();  ///< of the minimisation
};

/// Where L-BFGS came to.
struct Descended {
    kernels::LbfgsPhase why;  ///< converged or a later one; out_of_work also where the search was halted
    double start_f, f;        ///< of the minimisation; infinite where there is none
    std::span<const double> x;
    bool is_near;  ///< the last step was short, or the minimum seemed near
    std::uint64_t iterations, evaluations;
};

/// Lanes for a thread that has its share of so many points: as many as a quarter of Options::memory holds,
/// but not fewer than a lane group.
std::size_t lbfgs_lanes(const Setup& setup, std::size_t points) noexcept;

class LbfgsLanes {
  public:
    /// It keeps references to setup and halt.
    LbfgsLanes(const Setup& setup, const LbfgsLimits& limits, std::size_t lanes, Halt& halt);

    /// A point to start from, by its number. What it has had of its evaluations counts too.
    struct Start {
        std::size_t point;
        std::span<const double> x;
        std::uint64_t evaluations = 0;
    };
    /// Takes points until next() has none and every lane is done; done(point, there) tells where one came to.
    /// A lane that is done takes the next point. At most `at_once` lanes have a point at the same time.
    using Next = std::function<std::optional<Start>()>;
    using Done = std::function<void(std::size_t point, const Descended& there)>;
    void run(const Next& next, const Done& done, std::size_t at_once);

  private:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    double& number(kernels::LbfgsRow row, std::size_t lane, std::size_t pair = 0) const {
        return tile_.row(row, pair)[lane];
    }
    double& own(kernels::LbfgsBlock block, std::size_t lane, std::size_t j) const {
        return tile_.own_row(lane / width_, width_, block, j)[lane % width_];
    }
    void start(std::size_t lane, const Start& start);
    void evaluate();
    void evaluate_all();
    void evaluate_some();
    Descended there(std::size_t lane);

    const Setup* setup_;
    Halt* halt_;
    const kernels::Table* kernels_;
    std::size_t lanes_, dimension_;
    AlignedArray<double> rows_, numbers_, scratch_;
    std::vector<double> scales_;  ///< [d] of each variable, and their inverses
    std::size_t width_;           ///< of a vector
    std::vector<std::uint8_t> newest_;
    kernels::Lbfgs tile_;
    Evaluator<double> evaluator_;
    std::vector<std::size_t> points_;  ///< [lane]
    // What the objective is handed.
    AlignedArray<double> gathered_;        ///< rows of the lanes that want a value: x, f, g
    std::vector<std::uint32_t> wanted_;    ///< those lanes
    std::vector<std::uint32_t> ids_;       ///< [lane]
    std::vector<std::uint32_t> counting_;  ///< 0, 1, ...
    std::vector<double> x_;
};

}  // namespace lanewise
