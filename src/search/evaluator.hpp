// The one bridge from the engine to an objective.
#pragma once

#include "lanewise/objective.hpp"
#include "table.hpp"

namespace lanewise {

/// Hands tiles to an objective; made for one thread, with that thread's scratch rows.
template <class T>
struct Evaluator {
    const Objective* objective;
    Isa isa;
    bool negate;  ///< for maximising
    T* scratch;

    /// The engine's view of it; valid while this object lives.
    kernels::Evaluate<T> callback() { return {&Evaluator::call, this}; }

    void operator()(std::size_t lanes, std::size_t dimension, const T* x, T* f, T* g) const noexcept {
        const Block<T> block{lanes, dimension, x, f, g, scratch, isa};
        if constexpr (sizeof(T) == sizeof(double)) {
            objective->evaluate(block);
        } else {
            objective->evaluate_f32(block);
        }
        if (negate) {
            for (std::size_t i = 0; i < lanes; ++i) f[i] = -f[i];
            for (std::size_t i = 0; i < lanes * dimension; ++i) g[i] = -g[i];
        }
    }

  private:
    static void call(void* self, const kernels::Tile<T>& tile) noexcept {
        (*static_cast<const Evaluator*>(self))(tile.lanes, tile.dimension, tile.x, tile.f, tile.g);
    }
};

}  // namespace lanewise
