// The one bridge from the engine to an objective.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"
#include "recorder.hpp"
#include "table.hpp"

namespace lanewise {

inline std::vector<std::size_t> fixed_coordinates(const Box& box) {
    std::vector<std::size_t> fixed;
    for (std::size_t j = 0; j < box.dimension(); ++j) {
        if (box.lower()[j] == box.upper()[j]) fixed.push_back(j);
    }
    return fixed;
}

/// Hands tiles to an objective; made for one thread, with that thread's scratch rows.
template <class T>
struct Evaluator {
    const Objective* objective;
    Isa isa;
    bool negate;  ///< for maximising
    T* scratch;
    std::span<const std::size_t> fixed;  ///< coordinates that cannot move: they have no gradient
    EvaluationClock* clock = nullptr;    ///< what the engine's evaluations are timed by, if they are

    /// The engine's view of it; valid while this object lives.
    kernels::Evaluate<T> callback() { return {&Evaluator::call, this}; }

    void operator()(std::size_t lanes, std::size_t dimension, const T* x, T* f, T* g) const noexcept {
        const Block<T> block{lanes, dimension, x, f, g, scratch, isa};
        if constexpr (sizeof(T) == sizeof(double)) {
            objective->evaluate(block);
        } else {
            objective->evaluate_f32(block);
        }
        for (const std::size_t j : fixed) std::fill_n(g + j * lanes, lanes, T(0));
        if (negate) {
            for (std::size_t i = 0; i < lanes; ++i) f[i] = -f[i];
            for (std::size_t i = 0; i < lanes * dimension; ++i) g[i] = -g[i];
        }
    }

  private:
    static void call(void* self, const kernels::Tile<T>& tile) noexcept {
        const Evaluator& evaluator = *static_cast<const Evaluator*>(self);
        const auto evaluate = [&] { evaluator(tile.lanes, tile.dimension, tile.x, tile.f, tile.g); };
        if (evaluator.clock == nullptr) {
            evaluate();
        } else {
            evaluator.clock->run(evaluate);
        }
    }
};

}  // namespace lanewise
