// What the kernels offer to the rest of the house: plain structs and one table of function pointers per
// instruction set. Nothing here depends on the instruction set a file is compiled for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "methods.hpp"
#include "opcodes.hpp"

namespace lanewise::kernels {

/// Rows are multiples of this many lanes and start on a multiple of `row_alignment` bytes, on every
/// instruction set, so that no kernel has a scalar tail.
inline constexpr std::size_t lane_group = 16;
inline constexpr std::size_t row_alignment = 64;

/// The rules; `methods` is how many there are.
enum Method : std::uint8_t {
#define LANEWISE_NAME(name, ...) name,
    LANEWISE_METHODS(LANEWISE_NAME)
#undef LANEWISE_NAME
        methods
};

/// Rows of moments a rule keeps for each variable.
inline constexpr std::size_t moment_rows[methods] = {
#define LANEWISE_ROWS(name, spelling, policy, rows) rows,
    LANEWISE_METHODS(LANEWISE_ROWS)
#undef LANEWISE_ROWS
};

/// What a lane's status row holds. A lane that is not live is frozen: its point, best and counts are not
/// written any more; its moments mean nothing.
enum LaneStatus : std::uint8_t { live = 0, nan_at_start = 1, nan_on_the_way = 2, ended = 3 };

/// A tile: `lanes` runs side by side, every array a block of rows [row][lane].
template <class T>
struct Tile {
    std::size_t lanes;      ///< a multiple of `lane_group`
    std::size_t dimension;  ///< d
    T* x;                   ///< [d] the point
    T* best_x;              ///< [d] the best point visited
    T* moments;             ///< [moment_rows of the rule][d]
    T* g;                   ///< [d] gradient at x, filled by evaluate
    T* f;                   ///< value at x, filled by evaluate
    T* best_f;              ///< value at best_x; infinity before the first finite value
    T* best_step;           ///< which evaluation of this stage found best_x, from 0; -1: none of them
    T* steps_taken;         ///< iterations the lane has taken part in
    T* status;              ///< LaneStatus as a number
    T* slope;               ///< the steepest way down inside the box, filled by look; see there
    const T* lower;         ///< [d], one number per variable
    const T* upper;         ///< [d]
    const T* scale;         ///< [d] what a step size of 1 means for each variable
    const bool* fixed;      ///< [d] variables whose gradient counts as 0; null: none
    T flip;                 ///< -0 when maximising, else 0: values have this bit flipped
    /// Roots in a step are taken by Newton's method from this number on, as Functions::least_newton_root
    /// allows: a matter of speed alone, their bits are the same.
    T newton_from = std::numeric_limits<T>::infinity();
    /// Where every lane has bounds and scales of its own: rows [lower, upper, scale][d] in place of those
    /// numbers; else null.
    const T* ranges_by_lane = nullptr;
};

/// The numbers of one iteration, as far as the rule needs them. When maximising, alpha and alpha_g are
/// negative: moments are those of the objective's own gradient, and x goes up it. Moments are sums, m = beta1
/// m + g and v = beta2 v + g^2, without the factors 1-beta1 and 1-beta2 of averages: those are folded in
/// here, and so is the correction of bias (Kingma & Ba 2014, section 2). With b = 1-beta1, r = sqrt(1-beta2),
/// c = sqrt(1-beta2^t), and mu and P as in lanewise/options.hpp,
///                     alpha                                eps          alpha_g
///     adam, amsgrad   alpha_0 b c / (r (1-beta1^t))        eps_0 c / r
///     adamax          alpha_0 b / (1-beta1^t)              eps_0
///     nadam           alpha_0 b c mu_t+1 / (r (1-P_t+1))   eps_0 c / r  alpha_0 c (1-mu_t) / (r (1-P_t))
///     rmsprop         alpha_0 / r                          eps_0 / r
///     the others      alpha_0                              eps_0
/// Where eps is a fraction of the largest |g| met, eps_g is that fraction, and eps the least normal number:
/// it keeps from 0 / 0 what has met no gradient. Else eps_g is 0.
template <class T>
struct Step {
    T alpha, eps, eps_g, beta1, beta2, alpha_g;
};

/// Fills the f and g rows of a tile from its x rows.
template <class T>
struct Evaluate {
    void (*call)(void* context, const Tile<T>& tile) noexcept;
    void* context;
};

/// One operation over rows. Operands name a row: its space in the top bits, its index in the rest.
struct Instruction {
    Opcode op;
    std::uint16_t variant = 0;  ///< of twins
    std::uint32_t to = 0, a = 0, b = 0, c = 0;
    std::uint32_t d = 0, e = 0;  ///< of twins
};

enum Space : std::uint32_t {
    variable = 0,
    scratch = 1,
    constant = 2,
    gradient = 3,
    value = 4,
    shared_column = 5,  ///< a number of the row that stands for all lanes
    lane_column = 6,    ///< of the row, by lane
    parameter = 7,      ///< by lane
    spaces = 8
};
inline constexpr std::uint32_t space_shift = 28;
inline constexpr std::uint32_t index_mask = (1U << space_shift) - 1;

constexpr std::uint32_t operand(Space space, std::uint32_t index) {
    return (static_cast<std::uint32_t>(space) << space_shift) | index;
}

/// The data that the lanes of a tile have, row by row.
template <class T>
struct DataRows {
    const T* shared = nullptr;       ///< [row][shared column]
    const T* by_lane = nullptr;      ///< [row][lane column][lane]
    const T* parameters = nullptr;   ///< [parameter][lane]
    std::size_t shared_columns = 0;  ///< numbers from one row to the next
    std::size_t lane_columns = 0;    ///< rows of lanes from one row to the next
    std::size_t least = 0;           ///< rows that all lanes have
    /// Rows that any lane has. Where there are more than `least`, one more lane column says which lanes have
    /// the row: 1, else 0.
    std::size_t most = 0;
};

/// Which rows of the data a loop goes over.
enum class RowsOf : std::uint8_t { all_lanes, some_lanes };

/// A stretch of a program: up to `end`, once, or again for each row of the data.
struct Section {
    std::size_t end;
    bool is_for_each_row;
};

/// A program: straight-line code that computes value and gradient together, with loops over rows.
template <class T>
struct Instructions {
    const Instruction* first;
    std::size_t count;
    const T* constants;  ///< [constant][lane_group], every lane the same number
    // Of programs with data.
    const Section* sections = nullptr;
    std::size_t section_count = 0;
    std::size_t registers = 0;  ///< scratch rows; behind them is one for each shared column
    const DataRows<T>* data = nullptr;
};

/// A function of vectors that machine code calls: operands and result are in the processor's first vector
/// registers, as vectors of the instruction set are passed by the platform's calling convention. The
/// function of sincos returns the sine, and stores the cosine where its pointer says.
using Call = void (*)();

/// What the limits of a processor are measured by (exercises.ipp).
enum class Exercise : std::uint8_t {
    add,
    fma,
    add_and_fma,   ///< by turns
    select,        ///< minimum and maximum
    all_by_turns,  ///< add, fma, minimum and maximum
    divide,
    square_root,
    newton_divide,
    newton_square_root,
    load,
    store,
};

/// L-BFGS (Nocedal 1980) remembers so many pairs of a step and the change of the gradient along it.
inline constexpr std::size_t lbfgs_pairs = 10;

/// What a lane of L-BFGS is at. From `converged` on it is done, and says why.
enum LbfgsPhase : std::uint8_t {
    idle,         ///< it has no point
    starting,     ///< x is its start
    probing,      ///< x is a little way along the first direction, to learn the curvature there
    searching,    ///< x is a trial of a line search
    settling,     ///< x is the best trial of a line search that did not come to its end
    waiting,      ///< it has taken a step, and waits for its neighbours in the vector
    restarting,   ///< the same without a step: it will go down the gradient
    converged,    ///< the last steps were short, or there is no slope
    no_lower,     ///< no lower point was found
    out_of_work,  ///< its iterations or evaluations are spent
    at_target,    ///< the value is as good as was asked for
    no_value,     ///< the start has no finite value or gradient
};

/// Numbers of a lane of L-BFGS, each a row. Values and slopes are those of the minimisation times `unit`.
enum class LbfgsRow : std::uint8_t {
    phase,       ///< LbfgsPhase as a number
    unit,        ///< a power of two, negative when maximising: values and gradients times this are near 1
    start_f,     ///< value where it started; not in units
    base_f,      ///< value at base_x
    best_f,      ///< value at best_x, not in units; infinity: none yet
    base_slope,  ///< along p at base_x
    steepest,    ///< the steepest way down at base_x, over the scale of a variable
    steepest_lately,  ///< the largest of those, what is past counting less and less
    short_steps,      ///< in a row that were as short as the tolerance asks
    is_near,          ///< 1 where the minimum along the last direction seemed near, and the slope is small
    length,           ///< of the step to x, in units of p
    most_length,      ///< that x may be away
    // The line search: an interval with lower values at one end, or not bounded yet.
    low_length,
    low_f,
    low_slope,
    high_length,
    high_f,
    high_slope,
    high_kind,         ///< 0: there is no other end, 1: there is, 2: no finite value there
    trials,            ///< points that the line search has tried
    pairs,             ///< remembered, at most lbfgs_pairs
    gamma,             ///< the scale of the inverse second derivatives, from the last pair
    idle_steps,        ///< in a row that led no lower
    iterations,        ///< steps taken
    evaluations,       ///< points looked at
    inverse_products,  ///< [lbfgs_pairs] 1 / (s y) of each pair; 0: the pair is not used
    rows = inverse_products + lbfgs_pairs,
};

/// Blocks of a row for each variable, as wide as a vector. Those of one vector lie together, as its frame.
enum class LbfgsBlock : std::uint8_t {
    base_x,               ///< where the line search began
    base_g,               ///< the gradient there, in units
    p,                    ///< its direction
    best_x,               ///< the best point so far
    moves,                ///< 1 where no wall holds the variable at base_x, else 0
    s,                    ///< [lbfgs_pairs] steps
    y = s + lbfgs_pairs,  ///< [lbfgs_pairs] changes of the gradient along them, in units
    blocks = y + lbfgs_pairs,
};

/// A tile of L-BFGS, `lanes` runs side by side, in double precision. It goes down within the box: the way of
/// a line search is bent where it meets a wall, and variables that a wall holds are left out of the direction
/// (projected quasi-Newton: Bertsekas 1982; Schmidt, Kim & Sra 2011, section 11.4).
struct Lbfgs {
    std::size_t lanes;            ///< a multiple of `lane_group`
    std::size_t dimension;        ///< d
    double* x;                    ///< [d] the point to evaluate
    double* f;                    ///< value at x
    double* g;                    ///< [d] gradient at x
    double* frames;               ///< what else is kept of the variables, see LbfgsBlock
    double* numbers;              ///< [LbfgsRow]
    std::uint8_t* newest;         ///< [vector] its newest pair
    const double* lower;          ///< [d], one number per variable
    const double* upper;          ///< [d]
    const double* scale;          ///< [d] the unit of each variable; 0: it is fixed
    const double* inverse_scale;  ///< [d] 1 / scale; 0 where it is fixed
    double sign;                  ///< -1 when maximising
    double tolerance;             ///< converged where a step is at most this, in units of x
    double longest_step;          ///< in any variable, in units of its scale
    double target;                ///< value of the minimisation at which a lane is done
    double most_iterations, most_evaluations;

    double* row(LbfgsRow which, std::size_t pair = 0) const {
        return numbers + (static_cast<std::size_t>(which) + pair) * lanes;
    }
    /// Of a vector of `width` lanes: row j of a block of its frame.
    double* own_row(std::size_t vector, std::size_t width, LbfgsBlock block, std::size_t j,
                    std::size_t pair = 0) const {
        const auto blocks = static_cast<std::size_t>(LbfgsBlock::blocks);
        const std::size_t of_pair = static_cast<std::size_t>(block) + pair;
        return frames + ((vector * blocks + of_pair) * dimension + j) * width;
    }
};

/// What a lane of Levenberg-Marquardt is at. From `converged` on it is done, and says why.
enum class LmPhase : std::uint8_t {
    idle,          ///< it has no point
    begun,         ///< x is its start
    tried,         ///< x is a step from its base
    converged,     ///< the next step is short, or rounding hides what it would lower the value by
    out_of_steps,  ///< its steps are spent
    no_value,      ///< the start has no finite value or derivatives
};

/// Numbers of a lane of Levenberg-Marquardt, each a row.
enum class LmRow : std::uint8_t {
    phase,     ///< LmPhase as a number
    start_f,   ///< value at its start
    base_f,    ///< value at base_x, the best point so far
    promised,  ///< what the value falls by on the way to x, if it is as the second derivatives say
    damping,
    growth,  ///< of the damping, where the next step is no better
    steps,   ///< that were tried
    rows,
};

/// A tile of Levenberg-Marquardt, `lanes` runs side by side, each with bounds of its own. A step delta solves
/// (H + damping diag(largest)) delta = -g in the variables that no wall holds, with the gradient g and H, the
/// second derivatives but for those of the model.
template <class T>
struct LeastSquares {
    std::size_t lanes;      ///< a multiple of `lane_group`
    std::size_t dimension;  ///< d
    T* x;                   ///< [d] the point to evaluate
    const T* f;             ///< value at x
    const T* g;             ///< [d + d (d + 1) / 2] at x, the gradient, then H's lower triangle by rows
    T* base_x;              ///< [d] the best point so far
    T* base_g;              ///< as g, at base_x
    T* largest;             ///< [d] largest H_jj so far; 0 before the start
    T* numbers;             ///< [LmRow]
    T* work;                ///< [d (d + 1) / 2 + 2 d] rows as wide as a vector
    const T* lower;         ///< [d]
    const T* upper;         ///< [d]
    T tolerance;            ///< converged where a step is at most this, in units of x
    T most_steps;
};

template <class T>
struct NativeFunctions;

template <class T>
struct Functions {
    /// Iterations `first` up to `last` by a rule, with steps[first] ...: evaluate, look for faults, keep the
    /// best, move, project. A lane whose value or gradient is not finite is frozen at its best point. Ends
    /// early, and returns `last` or the first iteration in which no lane is live: however many calls the
    /// iterations are split into, one of them says so. Adds to best_step and steps_taken, which the caller
    /// sets before the first call of a stage.
    std::size_t (*advance[methods])(const Tile<T>& tile, const Step<T>* steps, std::size_t first,
                                    std::size_t last, Evaluate<T> evaluate);
    /// Evaluates and keeps the best, without moving, fills the slope row and gives the f row its sign.
    /// best_step records `step`.
    void (*look)(const Tile<T>& tile, T step, Evaluate<T> evaluate);
    /// NativeFunctions::advance_adam of machine code.
    std::size_t (*advance_in_turns)(const NativeFunctions<T>& self, const Tile<T>& tile, const Step<T>* steps,
                                    std::size_t first, std::size_t last, T* memory);
    /// Numbers that it writes on, so many frames taking turns.
    std::size_t (*turn_numbers)(std::size_t dimension, std::size_t frames);
    /// Runs a program over `lanes` lanes; `scratch` holds as many rows as the program has registers.
    void (*interpret)(const Instructions<T>& code, std::size_t lanes, const T* x, T* scratch, T* f, T* g);
    /// The function that does an operation; null: machine code does it by instructions of its own.
    Call (*call_of)(Opcode op);
    /// Takes every lane of Levenberg-Marquardt on from where it has been evaluated to the next point to
    /// evaluate.
    void (*advance_least_squares)(const LeastSquares<T>& tile);
    /// Lanes of a vector.
    std::size_t width;
    /// Does an operation in many places at once, or goes over a buffer of `numbers`, `rounds` times; returns
    /// the operations or numbers that were. The buffer holds numbers near 1, 16 lane groups of them at least.
    std::size_t (*exercise)(Exercise what, std::size_t rounds, T* buffer, std::size_t numbers);
    /// Whether there are Newton's forms to exercise.
    bool has_newton_forms;
    /// What Tile::newton_from may be at least; infinity: there is nothing to choose.
    T least_newton_root;
};

struct Table {
    Functions<double> f64;
    Functions<float> f32;
    /// Takes every lane of L-BFGS on from where it has been evaluated to the next point to evaluate.
    void (*advance_lbfgs)(const Lbfgs& tile);
};

/// A vector of points of this many variables fits the stack of any thread, and its frames a cache.
inline constexpr std::size_t most_native_dimension = 1024;

/// A frame: one vector of runs with all that is kept of them, rows of its width one after the other, as
/// machine code works on them. First come blocks of a row for each variable, then single rows.
enum class FrameBlock : std::uint8_t { x, best_x, m, v, largest_g, g, blocks };
/// Machine code leaves steps_taken and status alone.
enum class FrameRow : std::uint8_t { f, best_f, best_step, steps_taken, status, moving, rows };

constexpr std::size_t frame_row(std::size_t dimension, FrameBlock block, std::size_t variable) {
    return static_cast<std::size_t>(block) * dimension + variable;
}
constexpr std::size_t frame_row(std::size_t dimension, FrameRow row) {
    return frame_row(dimension, FrameBlock::blocks, static_cast<std::size_t>(row));
}

/// An odd number: frames side by side do not begin in the same set of a cache.
constexpr std::size_t frame_rows(std::size_t dimension) {
    return frame_row(dimension, FrameRow::rows) | 1;
}

/// How far one variable may go, and what a step size of 1 means for it: rows of Turns::ranges.
enum class RangeRow : std::uint8_t { lower, upper, scale, rows };

constexpr std::size_t range_row(std::size_t variable, RangeRow row) {
    return static_cast<std::size_t>(RangeRow::rows) * variable + static_cast<std::size_t>(row);
}
/// The last of them holds Tile::flip.
constexpr std::size_t flip_row(std::size_t dimension) {
    return range_row(dimension, RangeRow::lower);
}

/// What machine code of Adam's iterations goes by. In its turn a frame is evaluated, and the one before it is
/// moved; after the last comes the first.
template <class T>
struct Turns {
    T* current;           ///< the frame that was evaluated last
    T* begin;             ///< of the frames
    T* end;               ///< behind them
    const Step<T>* step;  ///< of the iteration that is under way
    const Step<T>* last;  ///< behind that of the last iteration
    T* step_rows;         ///< [StepRow] of the iteration that is under way
    const T* ranges;      ///< rows by range_row and flip_row
};

/// So many frames take turns.
inline constexpr std::size_t least_frames = 2;
inline constexpr std::size_t most_frames = 8;

/// The numbers of a step and of its iteration, each as a row of the vectors' width. There is room for those
/// of two iterations side by side, the first of it on a multiple of its bytes: while frames are still moved
/// by the numbers of one iteration, those of the next are already there.
enum class StepRow : std::uint8_t { alpha, eps, eps_g, beta1, beta2, iteration, rows = 8 };

/// The kernels of one objective: native, or a program's machine code.
template <class T>
struct NativeFunctions {
    /// As Functions::advance[adam] with the objective's own evaluation, to the bit; leaves the tile's f and g
    /// rows alone. `self` is what holds the pointer. Null where there is none; there never is for the other
    /// rules.
    std::size_t (*advance_adam)(const NativeFunctions& self, const Tile<T>& tile, const Step<T>* steps,
                                std::size_t first, std::size_t last, T* memory);
    /// Fills the f and g rows of `lanes` lanes from their x rows. `scratch` is as for Functions::interpret.
    void (*evaluate)(std::size_t lanes, const T* x, T* f, T* g, T* scratch);
    /// The same of a program with data.
    void (*evaluate_data)(std::size_t lanes, const T* x, T* f, T* g, T* scratch,
                          const DataRows<T>* data) = nullptr;
    /// Of machine code: takes turns from the frame after the current one on, until an iteration has ended and
    /// was the last (1), or a lane of the current frame is not finite (0).
    std::uint64_t (*take_turns)(Turns<T>* turns) = nullptr;
    std::size_t frames = 0;  ///< that take turns
    std::size_t memory = 0;  ///< numbers that advance_adam writes on
};

/// The kernels of one objective for one instruction set, in both precisions.
struct Native {
    std::size_t dimension;
    NativeFunctions<double> f64;
    NativeFunctions<float> f32;
};

/// The kernels in that precision, of a Table or a Native.
template <class T, class Kernels>
const auto& functions(const Kernels& kernels) {
    if constexpr (sizeof(T) == sizeof(double)) {
        return kernels.f64;
    } else {
        return kernels.f32;
    }
}

}  // namespace lanewise::kernels
