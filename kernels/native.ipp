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

/// Whether a functor lets others work in between: it calls meanwhile(0) to meanwhile(dimension - 1).
template <class F, class B, class Meanwhile>
concept Weaves = requires(const B* x, B* g, Meanwhile meanwhile) {
    F{}(x, g, meanwhile);
};

template <class F, class B, class Meanwhile>
B call(const B* x, B* g, Meanwhile meanwhile) {
    if constexpr (Weaves<F, B, Meanwhile>) {
        return F{}(x, g, meanwhile);
    } else {
        return F{}(x, g);
    }
}

/// How many vectors are advanced side by side: while one waits for its roots and quotients, the other
/// computes. From some 16 variables on one has enough to do by itself.
template <std::size_t dimension>
inline constexpr std::size_t vectors_at_once = dimension <= 16 ? 2 : 1;

/// A vector of runs with its points, from one load to the next store.
template <class T, class Rule, class F, template <class> class B>
class State {
  public:
    State() = default;

    void begin(const Tile<T>& tile, std::size_t lane) {
        runs_ = load_runs(tile, lane);
        steps_taken_ = load(tile.steps_taken + lane);
        repeat<F::dimension>([&](std::size_t j) { put(j, load_variable<T, Rule>(tile, lane, j)); });
    }

    void end(const Tile<T>& tile, std::size_t lane) const {
        store(tile.best_f + lane, runs_.best_f);
        store(tile.best_step + lane, runs_.best_step);
        store(tile.status + lane, runs_.status);
        store(tile.steps_taken + lane, steps_taken_);
        repeat<F::dimension>([&](std::size_t j) { store_variable(tile, lane, j, get(j)); });
    }

    /// Evaluates and looks; `meanwhile` may be called with 0 to d - 1 in between, in that order.
    template <class Meanwhile>
    void evaluate(T k, Meanwhile meanwhile) {
        const Batch<T> f = call<F>(static_cast<const B<T>*>(x_), static_cast<B<T>*>(g_), meanwhile).simd;

        // The value last: it is the last to be known.
        const Batch<T> zero(T(0));
        Batch<T> fault = zero;
        repeat<F::dimension>([&](std::size_t j) { fault = fma(zero, g_[j].simd, fault); });
        seen_ = inspect(runs_, f, fma(zero, f, fault) == zero, k);
        if (!seen_.all_finite) {
            repeat<F::dimension>(
                [&](std::size_t j) { x_[j].simd = xsimd::select(seen_.broken, best_x_[j], x_[j].simd); });
        }
        steps_taken_ = count(steps_taken_, seen_);
    }

    /// Keeps and moves one variable.
    void move(const Tile<T>& tile, std::size_t j, const WideStep<T>& step) {
        Variable<T, Rule> variable = get(j);
        kernels::move(variable, g_[j].simd, Range<T>(tile, j), seen_, step);
        put(j, variable);
    }

    void move(const Tile<T>& tile, const WideStep<T>& step) {
        repeat<F::dimension>([&](std::size_t j) { move(tile, j, step); });
    }

    Mask<T> moving() const { return seen_.moving; }

  private:
    Variable<T, Rule> get(std::size_t j) const {
        Variable<T, Rule> variable{x_[j].simd, best_x_[j], {}};
        for (std::size_t r = 0; r < Rule::rows; ++r) variable.moments[r] = moments_[j][r];
        return variable;
    }

    void put(std::size_t j, const Variable<T, Rule>& variable) {
        x_[j].simd = variable.x;
        best_x_[j] = variable.best_x;
        for (std::size_t r = 0; r < Rule::rows; ++r) moments_[j][r] = variable.moments[r];
    }

    Runs<T> runs_;
    Batch<T> steps_taken_;
    Seen<T> seen_{Mask<T>(false), Mask<T>(false), Mask<T>(false), true};
    B<T> x_[F::dimension];
    B<T> g_[F::dimension];
    Batch<T> best_x_[F::dimension];
    Moments<T, Rule::rows> moments_[F::dimension];
};

/// Two neighbouring vectors by turns, one moved while the other is evaluated: the divider, which moving
/// needs, is busy all the time. One piece of code for both: of two the processor would have to fetch twice as
/// much.
template <class T, class Rule, class F, template <class> class B>
LANEWISE_INLINING std::size_t advance_woven(const Tile<T> tile, std::size_t lane, const Step<T>* steps,
                                            std::size_t first, std::size_t last) {
    State<T, Rule, F, B> states[2];
    for (std::size_t v = 0; v < 2; ++v) states[v].begin(tile, lane + v * Batch<T>::size);
    WideStep<T> step(steps[first]);  // the second does not move by it: it has not been evaluated
    std::size_t turn = 2 * first;
    for (; turn < 2 * last; ++turn) {
        State<T, Rule, F, B>& evaluated = states[turn % 2];
        State<T, Rule, F, B>& moved = states[1 - turn % 2];
        const std::size_t k = turn / 2;
        if (turn % 2 == 1) step = WideStep<T>(steps[k]);
        evaluated.evaluate(T(k), [&](std::size_t j) { moved.move(tile, j, step); });
        if (turn % 2 == 1 && !xsimd::any(states[0].moving() | states[1].moving())) break;
    }
    states[1].move(tile, step);
    for (std::size_t v = 0; v < 2; ++v) states[v].end(tile, lane + v * Batch<T>::size);
    return turn / 2;
}

/// All iterations of some neighbouring vectors of a tile; returns as Functions::advance does.
template <class T, class Rule, class F, template <class> class B, std::size_t vectors>
LANEWISE_INLINING std::size_t advance_vectors(const Tile<T> tile, std::size_t lane, const Step<T>* steps,
                                              std::size_t first, std::size_t last) {
    State<T, Rule, F, B> states[vectors];
    repeat<vectors>([&](std::size_t v) { states[v].begin(tile, lane + v * Batch<T>::size); });
    std::size_t k = first;
    for (; k < last; ++k) {
        const WideStep<T> step(steps[k]);
        Mask<T> moving(false);
        repeat<vectors>([&](std::size_t v) {
            states[v].evaluate(T(k), [](std::size_t) {});
            states[v].move(tile, step);
            moving = moving | states[v].moving();
        });
        if (!xsimd::any(moving)) break;
    }
    repeat<vectors>([&](std::size_t v) { states[v].end(tile, lane + v * Batch<T>::size); });
    return k;
}

template <class T, class Rule, class F, template <class> class B>
std::size_t advance_native(const Tile<T>& tile, const Step<T>* steps, std::size_t first, std::size_t last) {
    constexpr std::size_t size = Batch<T>::size;
    constexpr bool weaves = Weaves<F, B<T>, void (*)(std::size_t)> && F::dimension > most_unrolled;
    constexpr std::size_t vectors = weaves ? 2 : vectors_at_once<F::dimension>;
    std::size_t furthest = first;
    std::size_t lane = 0;
    const auto advance = [&](auto advance_some, std::size_t lanes) {
        for (; lane + lanes <= tile.lanes; lane += lanes) {
            const std::size_t reached = advance_some(tile, lane, steps, first, last);
            furthest = reached > furthest ? reached : furthest;
        }
    };
    if constexpr (weaves) {
        advance(advance_woven<T, Rule, F, B>, vectors * size);
    } else {
        advance(advance_vectors<T, Rule, F, B, vectors>, vectors * size);
    }
    if constexpr (lane_group % (vectors * size) != 0) advance(advance_vectors<T, Rule, F, B, 1>, size);
    return furthest;
}

template <class T, class F, template <class> class B>
LANEWISE_INLINING void evaluate_native(std::size_t lanes, const T* x_rows, T* f_row, T* g_rows) {
    for (std::size_t lane = 0; lane < lanes; lane += Batch<T>::size) {
        B<T> x[F::dimension];
        B<T> g[F::dimension];
        repeat<F::dimension>([&](std::size_t j) { x[j] = B<T>(load(x_rows + j * lanes + lane)); });
        store(f_row + lane,
              call<F>(static_cast<const B<T>*>(x), static_cast<B<T>*>(g), [](std::size_t) {}).simd);
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
