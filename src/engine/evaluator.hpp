// The one bridge from the engine to an objective.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <limits>
#include <span>
#include <vector>

#include "halt.hpp"
#include "kernels/table.hpp"
#include "lanewise/objective.hpp"
#include "recorder.hpp"

namespace lanewise {

/// Hands tiles to an objective; made for one thread, with that thread's scratch rows.
template <class T>
struct Evaluator {
    const Objective* objective;
    Isa isa;
    T* scratch;
    Halt* halt;
    const std::uint32_t* ids = nullptr;  ///< [lanes] see Block
    EvaluationClock* clock = nullptr;    ///< what evaluations of tiles are timed by, if they are
    std::vector<std::uint32_t> live{};   ///< lanes of a tile whose values are wanted, where that is told
    /// What takes the objective's place while runs make their iterations (Options::batch_rows), and which of
    /// these is next; null: nothing does.
    const Objective* batches = nullptr;
    std::uint64_t iteration = 0;

    /// The kernels' view of it; valid while this object lives.
    kernels::Evaluate<T> callback() { return {&Evaluator::call, this}; }

    /// Fills the f and g rows. What the objective throws ends the search; then no value is finite.
    void operator()(std::size_t lanes, std::size_t dimension, const T* x, T* f, T* g,
                    std::span<const std::uint32_t> wanted = {}) const noexcept {
        const Block<T> block{lanes, dimension, x, f, g, scratch, isa, ids, wanted, iteration};
        if (!halt->is_thrown()) {
            try {
                const Objective& evaluated = batches == nullptr ? *objective : *batches;
                if constexpr (sizeof(T) == sizeof(double)) {
                    evaluated.evaluate(block);
                } else {
                    evaluated.evaluate_f32(block);
                }
                return;
            } catch (...) {
                halt->keep_thrown_by_caller(std::current_exception());
            }
        }
        std::fill_n(f, lanes, std::numeric_limits<T>::quiet_NaN());
        std::fill_n(g, lanes * dimension, T(0));
    }

  private:
    static void call(void* self, const kernels::Tile<T>& tile) noexcept {
        Evaluator& evaluator = *static_cast<Evaluator*>(self);
        evaluator.live.clear();
        if (evaluator.objective->calls() == Calls::from_the_caller) {
            for (std::uint32_t lane = 0; lane < tile.lanes; ++lane) {
                if (tile.status[lane] == T(kernels::live)) evaluator.live.push_back(lane);
            }
            if (evaluator.live.empty()) return;
        }
        const auto evaluate = [&] {
            evaluator(tile.lanes, tile.dimension, tile.x, tile.f, tile.g, evaluator.live);
        };
        if (evaluator.clock == nullptr) {
            evaluate();
        } else {
            evaluator.clock->run(evaluate);
        }
        ++evaluator.iteration;
    }
};

}  // namespace lanewise
