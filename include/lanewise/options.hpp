/// What can be set about a search. Every field has a default; set what you need with designated initialisers:
///
///     lanewise::Options{.starts = 20000, .seed = 7, .iterations = 500}
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"
#include "lanewise/profile.hpp"

namespace lanewise {

class Box;
class Objective;

/// How drawn starts are spread over the box. Each design is a sequence of points that depends on the seed
/// alone, so that more starts go on where fewer end.
enum class Design {
    /// Independent uniform points.
    uniform,
    /// The Sobol sequence with the direction numbers of Joe & Kuo (2008), in nested uniform scrambling (Owen
    /// 1995): each point is uniform, all together fill the box far more evenly than independent ones, best
    /// when their number is a power of two. At most most_sobol_dimensions coordinates.
    sobol,
    /// A Latin hypercube whenever the number of points N is a power of two: each of N equal slices of each
    /// variable holds one, in an order of its own. In between, a part of the next one.
    latin_hypercube,
};
inline constexpr std::size_t most_sobol_dimensions = 3667;

/// How the step size changes from iteration to iteration, k = 0 .. n-1 of n. The first w = warm_up iterations
/// take alpha (k + 1) / w (Goyal et al. 2017, section 2.2); for the others s = (k - w) / (n - w) goes from 0
/// towards 1, where the step size would be F = final_alpha of alpha.
enum class Schedule {
    constant,     ///< alpha
    cosine,       ///< alpha (F + (1 - F) (1 + cos(pi s)) / 2) (Loshchilov & Hutter 2017, equation 5)
    exponential,  ///< alpha F^s (torch's ExponentialLR with gamma = F^(1 / (n - w)))
};

/// What a step size of 1 means.
enum class Scale {
    /// For each variable the width w of its bounds: x moves by w times what the formula says. Gradient
    /// descent and momentum take w g for g too, and so descend in x / w: x <- x - alpha w^2 g.
    box,
    none,  ///< 1, the textbook's raw step
};

/// Whether a program (a formula, or what trace recorded) is compiled to machine code, in the process. That
/// takes some 0.1 ms and at most a microsecond for each operation; the code takes at most 128 MiB.
/// Results have the same bits either way. Other objectives are machine code already. There is machine code
/// for AVX2, AVX-512 and NEON, in memory that the system has to let become executable; on NEON none for
/// formulas with rows(...).
enum class Jit {
    off,        ///< none is made; what was made before, for the same Program, is used
    automatic,  ///< where the work to come takes longer than compiling, and where it can be done
    on,         ///< in any case; where it cannot be done, the search fails (std::runtime_error)
};

std::string_view name(Jit jit) noexcept;        ///< off, auto, on
std::string_view name(Design design) noexcept;  ///< uniform, sobol, lhs
std::string_view name(Schedule schedule) noexcept;
std::string_view name(Scale scale) noexcept;

/// How a run steps, each variable by itself: g is the gradient, t = 1, 2, ... counts the steps, and m, v, u
/// and z are 0 before the first. Then x is projected onto the box, and m dropped where x ran into a wall.
/// By Scale::none eps is the Rule's number, as in the papers. By Scale::box it is that number times the
/// largest |g| of this variable that the run has met: the run is the same in whatever units f and x are.
enum class Method {
    /// Kingma & Ba 2014, algorithm 1:
    ///     m <- beta1 m + (1 - beta1) g        m^ = m / (1 - beta1^t)
    ///     v <- beta2 v + (1 - beta2) g^2      v^ = v / (1 - beta2^t)
    ///     x <- x - alpha m^ / (sqrt(v^) + eps)
    adam,
    /// Cauchy 1847:
    ///     x <- x - alpha g
    gradient_descent,
    /// The heavy ball of Polyak 1964, as torch.optim.SGD:
    ///     m <- beta1 m + g
    ///     x <- x - alpha m
    momentum,
    /// Duchi, Hazan & Singer 2011, figure 1 with diagonal matrices:
    ///     v <- v + g^2
    ///     x <- x - alpha g / (sqrt(v) + eps)
    adagrad,
    /// Tieleman & Hinton 2012, as torch.optim.RMSprop:
    ///     v <- beta2 v + (1 - beta2) g^2
    ///     x <- x - alpha g / (sqrt(v) + eps)
    rmsprop,
    /// Reddi, Kale & Kumar 2018, with the bias corrected as torch.optim.Adam does: m, m^ and v as adam,
    ///     z <- max(z, v)                      z^ = z / (1 - beta2^t)
    ///     x <- x - alpha m^ / (sqrt(z^) + eps)
    amsgrad,
    /// Kingma & Ba 2014, algorithm 2, kept from 0 / 0 as torch.optim.Adamax does: m and m^ as adam,
    ///     u <- max(beta2 u, |g| + eps)
    ///     x <- x - alpha m^ / u
    adamax,
    /// Dozat 2016, as torch.optim.NAdam: m, v and v^ as adam,
    ///     mu_t = beta1 (1 - 0.96^(0.004 t) / 2)      P_t = mu_1 mu_2 ... mu_t
    ///     m^ = mu_t+1 m / (1 - P_t+1) + (1 - mu_t) g / (1 - P_t)
    ///     x <- x - alpha m^ / (sqrt(v^) + eps)
    nadam,
    /// Nocedal 1980, limited-memory BFGS with 10 pairs of step and change of the gradient:
    ///     x <- P(x - t H g)
    /// H is the inverse of the second derivatives as the pairs tell it, in the variables that no wall holds;
    /// P projects onto the box; t meets the strong conditions of Wolfe along that way. It takes none of a
    /// Rule's numbers. A run ends where it has converged: where two steps in a row moved no variable by more
    /// than 1e-7 (|x_j| + 2^-26 widths of the box) and took three quarters of the slope along them, where
    /// there is no slope, or where no lower point is found; else when its iterations are done. minimize_batch
    /// has a tolerance of its own. In double precision only.
    lbfgs,
};

std::string_view name(Method method) noexcept;

/// A method and its numbers. Those that are not in its formula have no effect.
struct Rule {
    Method method = Method::adam;
    /// Step size, finite and > 0, in the units of Scale. A step of gradient_descent and momentum grows with
    /// the gradient, so that their alpha has to suit the objective; those of the others are about alpha long.
    double alpha = 0.05;
    /// In [0, 1).
    double beta1 = 0.9;
    /// In [0, 1). 0.999 unless set, but for rmsprop Tieleman & Hinton's 0.9: nothing corrects the bias of its
    /// v, so that its first step is alpha / sqrt(1 - beta2) long.
    std::optional<double> beta2 = {};
    /// Finite and > 0, in single precision at least 1.2e-38. By Scale::box a fraction of the largest |g| that
    /// the run has met in a variable. For adagrad torch has 1e-10.
    double eps = 1e-8;

    double used_beta2() const noexcept { return beta2.value_or(method == Method::rmsprop ? 0.9 : 0.999); }

    bool operator==(const Rule&) const = default;
};

/// What a search is at.
enum class Phase : std::uint8_t {
    starts,     ///< the runs of starts
    offspring,  ///< runs of offspring, after a wave of starts
    polish,     ///< the last polish, when all runs are over
};

std::string_view name(Phase phase) noexcept;  ///< starts, offspring, polish

/// How a search stands, told between two stages of its runs and two parts of the last polish.
struct Progress {
    Phase phase;
    std::size_t iteration;   ///< iterations done by the runs that are still going; 0 where `iterations` is
    std::size_t iterations;  ///< of each of these runs; 0 while runs go on by L-BFGS and while polishing
    std::size_t runs;        ///< starts asked for
    std::size_t runs_begun;  ///< those whose runs go on or are over
    std::size_t runs_alive;  ///< runs still going, of starts or of offspring
    std::size_t minima;      ///< polished so far; not all may be distinct
    double share;            ///< of the starts' iterations that are done or spared, 0 to 1
    double best_f;           ///< best value so far; infinite (-infinite when maximising) while there is none
    std::uint64_t run_iterations;  ///< iterations done, summed over runs
    double seconds;                ///< since the search began
};

struct Options {
    /// Number of starts drawn from the box, at least 1 when set. Unless set, as many as it takes (see
    /// settle), at most 4096, or none where start_points are given.
    std::optional<std::size_t> starts = {};
    /// Starts given by hand, each a point of the box. They have the start ids 0, 1, ...; drawn ones follow.
    std::vector<std::vector<double>> start_points = {};
    /// A drawn start is a function of design, seed and its number among the drawn ones.
    std::uint64_t seed = 0;
    /// See choose_design.
    std::optional<Design> design = {};
    /// Iterations of each run, 1 to 10^7.
    std::size_t iterations = 1000;

    /// Rows of the data that an iteration looks at, for a formula with rows(...): 1 to all of them. They are
    /// drawn for each iteration by seed and iteration, the same for all runs, and their sums are scaled up to
    /// all rows. What is told of runs, best points and ends, and every decision, is by all rows. Unless set,
    /// iterations are by all rows too.
    std::optional<std::size_t> batch_rows = {};

    Rule rule = {};
    Schedule schedule = Schedule::cosine;
    /// Iterations in which the step size rises to alpha, at most all.
    std::size_t warm_up = 0;
    /// The fraction of alpha that the schedule falls to, in [0, 1]; above 0 for an exponential one. 0 unless
    /// set, 1e-3 for an exponential one. Without effect on a constant one.
    std::optional<double> final_alpha = {};
    Scale scale = Scale::box;
    /// In single precision runs take subnormal numbers as 0.
    Precision precision = Precision::f64;
    /// Does not change results.
    Jit jit = Jit::automatic;

    /// Points drawn for each start, which is the best of them; 1 to 1000.
    std::size_t explore = 8;
    /// After each wave, start further runs from combinations of the minima found: short ones, at most twice
    /// as many as starts were drawn, and no more when a while of them found nothing better. They descend from
    /// the run of a start, and count for themselves.
    bool offspring = true;
    /// Give up runs that are worse than another in their neighbourhood, where the best of that will hardly
    /// become the best of all.
    bool prune = true;
    /// Runs that are still on their way when their iterations are done go on by L-BFGS until they converge,
    /// and the best of each minimum is brought to full precision: what is called a minimum is one then. Off,
    /// a run makes its iterations and nothing else, and wherever one ends counts; by the rule lbfgs, wherever
    /// one has converged.
    bool polish = true;
    /// Ends of runs may belong to one minimum where they are within this in each variable, in units of the
    /// box width: they do when no hump is between them. In (0, 1]. See Minimum.
    double same_distance = 3e-3;
    /// Ends the search when it is settled: when going on with all its starts would find a better value with
    /// at most about this chance, in (0, 1). 0 lets all starts run. Unless set it is 0.03, and 0 where
    /// `starts` or `start_points` are. Of a search that has begun `starts` of them, at least 32, of which the
    /// second half found no better value than the first, the chance is taken for the larger of
    ///     1 / (1 + hits)^2        24 / (starts hits)
    /// where hits are the runs that ended at a minimum as low as the best; one of offspring counts an eighth.
    /// The first term follows what was measured: see doc/how-a-search-goes.md.
    std::optional<double> settle = {};

    /// Look for the largest value instead. Values in the result are the objective's own.
    bool maximize = false;

    /// Work on the starts in so many parts, each by itself, and merge what they found (lanewise/parts.hpp);
    /// at most as many as there are starts. 0: all starts are one search.
    std::size_t parts = 0;
    /// Of these work on one alone, 1 to `parts`: what is told is what it found. 0: on all of them, one after
    /// the other.
    std::size_t part = 0;
    /// Parts come in so many rounds, 1 to `parts`, between which the minima of all are brought together:
    /// round r has the parts Part{r, rounds} of them, and offspring of those before. Without `settle` all
    /// rounds are worked on.
    std::size_t rounds = 1;
    /// What Merged::handed was for the round of `part`; empty in the first.
    std::string handed = {};
    /// Parts tell the start ids of their minima, too: four bytes for each run that came to one.
    bool start_ids = false;

    /// At most this many threads; 0 leaves it to OpenMP (OMP_NUM_THREADS, an enclosing parallel region). In a
    /// process that was forked from one with several threads it is one: OpenMP's are not in it.
    int threads = 0;
    /// The instruction set to use; see choose_isa.
    std::optional<Isa> isa = {};
    /// Lanes per tile, a multiple of 16; 0 chooses from the size of state and program. Does not change
    /// results.
    std::size_t tile_lanes = 0;

    /// Bytes that runs and what is kept of them may take: waves are then as small, and offspring as few, as
    /// that asks for. Results are those of such waves. Runs that go on by L-BFGS, some 220 d bytes each, are
    /// as many at once as a quarter of it holds, and at least 16 on each thread.
    std::optional<std::uint64_t> memory = {};

    /// Ends the search after this many seconds, > 0; one that is resumed, this many after that.
    std::optional<double> max_time = {};
    /// Ends the search before it takes more evaluations than this, summed over runs; at least 1. Starts that
    /// there are none left for are not begun. Not counted: where runs in single precision ended is evaluated
    /// again in double, and so are the minima that are described and points between those that are told
    /// apart.
    std::optional<std::uint64_t> max_evaluations = {};
    /// Ends the search when the best value is at least this good.
    std::optional<double> target = {};

    /// At most this many minima are described in the result, best first; all are counted. Changes nothing
    /// else: the best 1000 are polished.
    std::size_t most_minima = 1000;

    /// Called on the calling thread between stages, and between groups of runs that go on by L-BFGS or are
    /// polished in the end.
    std::function<void(const Progress&)> progress = {};
    /// Asked often on the calling thread; true ends the search with what it has. In single precision it may
    /// find subnormal numbers taken as 0.
    std::function<bool()> stop = {};
    /// Handed the state of the search, from which it can go on (see resume): between two stages on the
    /// calling thread, when `checkpoint_every` seconds have passed since it last was, and when the search
    /// ends. Does not change results. A limit changes them: a state is one that no limit has had a part in.
    /// Of a search in parts it is a state of one of them (part_of_state), at last of what that found.
    std::function<void(std::string_view state)> checkpoint = {};
    double checkpoint_every = 30;  ///< finite and >= 0

    /// Handed where the time went, when the search is over. Costs a few percent of the time at most.
    std::function<void(const Profile&)> profile = {};

    /// Starts that are drawn.
    std::size_t drawn_starts() const noexcept {
        constexpr std::size_t usual = 4096;
        return starts.value_or(start_points.empty() ? usual : 0);
    }

    double used_settle() const noexcept {
        constexpr double usual = 0.03;
        return settle.value_or(!starts && start_points.empty() ? usual : 0);
    }

    double used_final_alpha() const noexcept {
        if (schedule == Schedule::constant) return 1;
        return final_alpha.value_or(schedule == Schedule::exponential ? 1e-3 : 0);
    }
};

/// The design to use for a box of so many coordinates: the one asked for, else Sobol's where it goes so far,
/// else uniform. \throws std::invalid_argument when asked for Sobol's beyond most_sobol_dimensions.
Design choose_design(std::optional<Design> asked, std::size_t dimension);

/// Checks options against the objective and the box, as minimize does before any work.
/// \throws std::invalid_argument naming the option, its value and what is allowed.
void validate(const Objective& objective, const Box& box, const Options& options);

/// Checks each option by itself. \throws std::invalid_argument as above.
void validate(const Options& options);

}  // namespace lanewise
