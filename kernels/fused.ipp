// The kernels of a native objective: its functor, inlined into the evaluation of a tile and into Adam's step.
// All rules fused would take 2 to 3 times as long to compile, each for 1.1 to 2 times the speed. F is the
// functor, B the template of the vectors it is called with (lanewise/native.hpp).
#pragma once

#include <utility>

#include "advance.ipp"

// Inlines the functor whatever its length: a call would push its vectors to memory. GCC takes minutes for
// that with the address sanitizer's checks in it.
#if defined(__SANITIZE_ADDRESS__)
#define LANEWISE_INLINING
#else
#define LANEWISE_INLINING [[gnu::flatten]]
#endif

namespace lanewise::kernels {
namespace {

/// Calls `body` with 0 to count - 1. Unrolled where few: only then can the arrays it indexes be registers. Of
/// longer state the greater part is in memory whatever one does, and loops are the shorter way there.
inline constexpr std::size_t most_unrolled = 8;
template <std::size_t count, class Body>
void repeat(Body body) {
    if constexpr (count <= most_unrolled) {
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            (body(i), ...);
        }
        (std::make_index_sequence<count>());
    } else {
        for (std::size_t i = 0; i < count; ++i) body(i);
    }
}

/// A vector of runs with its points, from one load to the next store.
template <class T, class Rule, class F, template <class> class B>
class State {
  public:
    void begin(const Tile<T>& tile, std::size_t lane) {
        runs_ = load_standing(tile, lane);
        steps_taken_ = load(tile.steps_taken + lane);
        repeat<F::dimension>([&](std::size_t j) {
            const std::size_t at = j * tile.lanes + lane;
            x_[j].simd = load(tile.x + at);
            best_x_[j] = load(tile.best_x + at);
            g_[j].simd = Batch<T>(T(-0.0));  // which adds nothing to a moment, nor to the sign of a zero
            load_moments<T, Rule>(tile, at, moments_[j]);
        });
    }

    void end(const Tile<T>& tile, std::size_t lane) const {
        store(tile.best_f + lane, runs_.best_f);
        store(tile.best_step + lane, runs_.best_step);
        store(tile.status + lane, runs_.status);
        store(tile.steps_taken + lane, steps_taken_);
        repeat<F::dimension>([&](std::size_t j) {
            const std::size_t at = j * tile.lanes + lane;
            store(tile.x + at, x_[j].simd);
            store(tile.best_x + at, best_x_[j]);
            store_moments<T, Rule>(tile, at, moments_[j]);
        });
    }

    /// Evaluates and looks.
    void evaluate(const Tile<T>& tile, T k) {
        const Batch<T> f = flip(tile.flip, F{}(static_cast<const B<T>*>(x_), static_cast<B<T>*>(g_)).simd);

        // The value last: it is the last to be known.
        const Batch<T> zero(T(0));
        Batch<T> fault = zero;
        repeat<F::dimension>([&](std::size_t j) { fault = fma(zero, g_[j].simd, fault); });
        Mask<T> finite = fma(zero, f, fault) == zero;
        const bool all_finite = xsimd::all(finite);
        if (!all_finite && tile.fixed != nullptr) {
            fault = zero;
            for (std::size_t j = 0; j < F::dimension; ++j) {
                if (!tile.fixed[j]) fault = fma(zero, g_[j].simd, fault);
            }
            finite = fma(zero, f, fault) == zero;
        }
        seen_ = inspect(runs_, f, finite, all_finite, k);
        if (!seen_.all_finite) {
            repeat<F::dimension>(
                [&](std::size_t j) { x_[j].simd = xsimd::select(seen_.broken, best_x_[j], x_[j].simd); });
        }
        steps_taken_ = count(steps_taken_, seen_);
    }

    Stride<T, Rule> begin_move(const Tile<T>& tile, std::size_t j, const WideStep<T>& step) {
        return kernels::begin_move<T, Rule>(g_[j].simd, moments_[j], Batch<T>(tile.scale[j]), step);
    }

    void finish_move(const Tile<T>& tile, std::size_t j, Stride<T, Rule> stride) {
        kernels::finish_move<T, Rule>(x_[j].simd, best_x_[j], moments_[j], stride, Range<T>(tile, j), seen_);
    }

    Mask<T> moving() const { return seen_.moving; }

  private:
    Standing<T> runs_;
    Batch<T> steps_taken_;
    Seen<T> seen_{Mask<T>(false), Mask<T>(false), Mask<T>(false), true};
    B<T> x_[F::dimension];
    B<T> g_[F::dimension];
    Batch<T> best_x_[F::dimension];
    Moments<T, Rule::rows> moments_[F::dimension];
};

/// The step that leaves everything as it is before the first evaluation, where the gradient is nothing.
template <class T>
inline constexpr Step<T> nothing_gained = {
    .alpha = 0, .eps = 1, .eps_g = 0, .beta1 = 1, .beta2 = 1, .alpha_g = 0};

/// The steps of one variable after the other, the second half of each some variables after the first. In each
/// half every operation waits for the one before it, and a processor holds too few waiting operations to go
/// on with other variables beyond both halves in a row.
template <class T, class Rule, class Begin, class Finish>
void move_all(std::size_t dimension, Begin begin, Finish finish) {
    constexpr std::size_t under_way = 4;
    Stride<T, Rule> strides[under_way];
    for (std::size_t j = 0; j < dimension; ++j) {
        if (j >= under_way) finish(j - under_way, strides[j % under_way]);
        strides[j % under_way] = begin(j);
    }
    for (std::size_t j = dimension < under_way ? 0 : dimension - under_way; j < dimension; ++j)
        finish(j, strides[j % under_way]);
}

template <class T, class Rule, class F, template <class> class B, std::size_t vectors>
Mask<T> any_moving(const State<T, Rule, F, B> (&states)[vectors]) {
    Mask<T> moving(false);
    repeat<vectors>([&](std::size_t v) { moving = moving | states[v].moving(); });
    return moving;
}

/// All iterations of some neighbouring vectors of few variables; returns as Functions::advance does. In its
/// turn a vector is evaluated and begins its step; the one whose turn is next finishes the step before.
template <class T, class Rule, class F, template <class> class B, std::size_t vectors>
LANEWISE_INLINING std::size_t advance_in_registers(const Tile<T> tile, std::size_t lane, const Step<T>* steps,
                                                   std::size_t first, std::size_t last) {
    State<T, Rule, F, B> states[vectors];
    Stride<T, Rule> strides[vectors][F::dimension];
    const auto begin = [&](std::size_t v, const WideStep<T>& step) {
        repeat<F::dimension>([&](std::size_t j) { strides[v][j] = states[v].begin_move(tile, j, step); });
    };
    const auto finish = [&](std::size_t v) {
        repeat<F::dimension>([&](std::size_t j) { states[v].finish_move(tile, j, strides[v][j]); });
    };
    repeat<vectors>([&](std::size_t v) {
        states[v].begin(tile, lane + v * Batch<T>::size);
        begin(v, WideStep<T>(nothing_gained<T>, tile));
    });
    std::size_t k = first;
    for (; k < last; ++k) {
        const WideStep<T> step(steps[k], tile);
        repeat<vectors>([&](std::size_t v) {
            finish((v + 1) % vectors);
            states[v].evaluate(tile, T(k));
            begin(v, step);
        });
        if (!xsimd::any(any_moving(states))) break;
    }
    repeat<vectors>([&](std::size_t v) {
        if (vectors == 1 || v > 0) finish(v);  // the first has
        states[v].end(tile, lane + v * Batch<T>::size);
    });
    return k;
}

/// The same of more variables: their greater part is in memory whatever one does.
template <class T, class Rule, class F, template <class> class B, std::size_t vectors>
LANEWISE_INLINING std::size_t advance_in_memory(const Tile<T> tile, std::size_t lane, const Step<T>* steps,
                                                std::size_t first, std::size_t last) {
    State<T, Rule, F, B> states[vectors];
    for (std::size_t v = 0; v < vectors; ++v) states[v].begin(tile, lane + v * Batch<T>::size);
    std::size_t k = first;
    for (; k < last; ++k) {
        const WideStep<T> step(steps[k], tile);
        repeat<vectors>([&](std::size_t v) {
            states[v].evaluate(tile, T(k));
            move_all<T, Rule>(
                F::dimension, [&](std::size_t j) { return states[v].begin_move(tile, j, step); },
                [&](std::size_t j, Stride<T, Rule> stride) { states[v].finish_move(tile, j, stride); });
        });
        if (!xsimd::any(any_moving(states))) break;
    }
    for (std::size_t v = 0; v < vectors; ++v) states[v].end(tile, lane + v * Batch<T>::size);
    return k;
}

template <class T, class Rule, class F, template <class> class B, std::size_t vectors>
std::size_t advance_vectors(const Tile<T> tile, std::size_t lane, const Step<T>* steps, std::size_t first,
                            std::size_t last) {
    if constexpr (F::dimension <= most_unrolled) {
        return advance_in_registers<T, Rule, F, B, vectors>(tile, lane, steps, first, last);
    } else {
        return advance_in_memory<T, Rule, F, B, vectors>(tile, lane, steps, first, last);
    }
}

/// How many vectors are advanced side by side: while one waits, others compute. From some 16 variables on one
/// has enough to do by itself.
template <class F>
inline constexpr std::size_t vectors_at_once = F::dimension <= 4    ? 4
                                               : F::dimension <= 16 ? 2
                                                                    : 1;

template <class T, class Rule, class F, template <class> class B>
std::size_t advance_native(const NativeFunctions<T>& /*self*/, const Tile<T>& tile, const Step<T>* steps,
                           std::size_t first, std::size_t last, T* /*memory*/) {
    constexpr std::size_t size = Batch<T>::size;
    constexpr std::size_t vectors = vectors_at_once<F>;
    std::size_t furthest = first;
    std::size_t lane = 0;
    const auto advance = [&](auto advance_some, std::size_t lanes) {
        for (; lane + lanes <= tile.lanes; lane += lanes) {
            const std::size_t reached = advance_some(tile, lane, steps, first, last);
            furthest = reached > furthest ? reached : furthest;
        }
    };
    advance(advance_vectors<T, Rule, F, B, vectors>, vectors * size);
    // Tiles are so many lane groups wide, which may be fewer vectors.
    constexpr std::size_t of_group = lane_group / size;
    if constexpr (of_group < vectors) advance(advance_vectors<T, Rule, F, B, of_group>, of_group * size);
    return furthest;
}

template <class T, class F, template <class> class B>
LANEWISE_INLINING void evaluate_native(std::size_t lanes, const T* x_rows, T* f_row, T* g_rows,
                                       T* /*scratch*/) {
    for (std::size_t lane = 0; lane < lanes; lane += Batch<T>::size) {
        B<T> x[F::dimension];
        B<T> g[F::dimension];
        repeat<F::dimension>([&](std::size_t j) { x[j] = B<T>(load(x_rows + j * lanes + lane)); });
        store(f_row + lane, F{}(static_cast<const B<T>*>(x), static_cast<B<T>*>(g)).simd);
        repeat<F::dimension>([&](std::size_t j) { store(g_rows + j * lanes + lane, g[j].simd); });
    }
}

template <class T, class F, template <class> class B>
constexpr NativeFunctions<T> native_functions() {
    return {advance_native<T, Adam, F, B>, evaluate_native<T, F, B>};
}

template <class F, template <class> class B>
constexpr Native native() {
    static_assert(F::dimension >= 1 && F::dimension <= most_native_dimension);
    return {F::dimension, native_functions<double, F, B>(), native_functions<float, F, B>()};
}

}  // namespace
}  // namespace lanewise::kernels

#undef LANEWISE_INLINING
