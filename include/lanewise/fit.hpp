/// Fits by the thousand: a model with its parameters, found for many sets of rows at once.
///
///     const lanewise::Box box{{"a", 0, 100}, {"k", 0, 10}};
///     const lanewise::Fits fits = lanewise::fit({.formula = "a*exp(-k*t)", .response = "y"}, box, problems);
///     for (std::size_t p = 0; p < fits.count(); ++p)
///         if (fits.status[p] == lanewise::FitStatus::converged) use(fits.x_of(p), fits.rss[p]);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/data.hpp"
#include "lanewise/formula.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/options.hpp"
#include "lanewise/precision.hpp"
#include "lanewise/problems.hpp"

namespace lanewise {

/// What is summed over the rows, of the response y, the model m and z = ((y - m) / sigma)^2. With the scale c
/// those from huber to cauchy are c^2 rho(z / c^2), the losses of scipy.optimize.least_squares.
enum class Loss : std::uint8_t {
    squared,   ///< z: the residual sum of squares
    huber,     ///< rho(z) = z where z <= 1, else 2 sqrt(z) - 1
    soft_l1,   ///< rho(z) = 2 (sqrt(1 + z) - 1)
    cauchy,    ///< rho(z) = log(1 + z)
    poisson,   ///< 2 (y log(y / m) - (y - m)) / sigma^2, the deviance of counts y of which m are expected
    logistic,  ///< 2 (log(1 + exp(m)) - y m) / sigma^2, the deviance of y = 0 or 1 with the log-odds m
};
inline constexpr std::size_t losses = 6;

std::string_view name(Loss loss) noexcept;  ///< squared, huber, soft-l1, cauchy, poisson, logistic
/// The loss of that name; nothing where there is none.
std::optional<Loss> find_loss(std::string_view name) noexcept;

/// What is fitted. The formulas have the language of Expression; a name in them is a variable of the box, a
/// column, or a parameter.
struct Model {
    std::string formula = {};
    std::string response = {};   ///< of columns and parameters: "y", "log(y)"
    std::string sigma = {};      ///< of columns and parameters; empty: 1
    std::string weights = {};    ///< 1 / sigma^2 instead of sigma; empty: 1
    Parameters parameters = {};  ///< of all problems
    Tables tables = {};
    Loss loss = Loss::squared;
    double loss_scale = 1;  ///< c, finite and > 0
};

enum class FitStatus : std::uint8_t {
    converged,       ///< the best run came to a minimum
    max_iterations,  ///< the best run was still on its way when its steps were spent
    no_rows,         ///< there is no row without a missing value
    no_value,        ///< at no start are value and derivatives finite, or a weight or response cannot be
    stopped,         ///< the time was up or `stop` said so: the best so far, NaN where nothing was begun
};
inline constexpr std::size_t fit_statuses = 5;

std::string_view name(FitStatus status) noexcept;  ///< converged, max-iterations, no-rows, no-value, stopped

struct FitProgress {
    std::size_t problems;  ///< all of them
    std::size_t done;
    std::uint64_t runs;  ///< that have ended
    double seconds;
};

/// A field with a name of Options means the same.
struct FitOptions {
    /// Starts drawn from the bounds of each problem, at least 1 where no others are given. Unless set, as
    /// many as it takes: 16 at a time, until the chance that more would find a better fit is at most 0.03, at
    /// most 1024; none where there are starts of other kinds. The chance is taken for the larger of 1 / (1 +
    /// agree)^2 and 24 / (runs agree), the terms of Options::settle. Where the rows do not determine the
    /// variables at the best point, which may be on a plateau, at least 128. Every second start is drawn in
    /// the logarithm: of bounds of one sign, else towards 0, over nine decades.
    std::optional<std::size_t> starts = {};
    std::vector<std::vector<double>> start_points = {};  ///< of every problem
    std::uint64_t seed = 0;
    /// Iterations of Adam, which brings runs of drawn starts into a basin. Runs of given starts make none.
    std::size_t iterations = 20;
    Rule rule = {};
    /// Steps of Levenberg-Marquardt, which brings each run to the minimum of its basin, 1 to 10^6.
    std::size_t most_steps = 200;
    /// A run has converged where a step moved no variable by more than this times |x_j| (or 2^-26 widths of
    /// its bounds), or where the value cannot fall by more than rounding hides.
    double tolerance = 1e-8;
    /// Whether sigma is known as it is, and not only up to a factor that the residuals tell: as
    /// absolute_sigma of scipy.optimize.curve_fit. Poisson and logistic deviances always know.
    bool absolute_sigma = false;

    /// The precision of runs. After runs in single precision the best of each problem goes on in double.
    Precision precision = Precision::f64;
    Jit jit = Jit::automatic;
    int threads = 0;
    std::optional<Isa> isa = {};
    std::optional<std::uint64_t> memory = {};  ///< bytes for what is worked on at once; changes no result
    std::optional<double> max_time = {};       ///< seconds
    std::function<void(const FitProgress&)> progress = {};  ///< called on the calling thread
    std::function<bool()> stop = {};                        ///< asked on the calling thread
    /// Handed what is done so far, every `checkpoint_every` seconds and at the end, on the calling thread.
    std::function<void(std::string_view state)> checkpoint = {};
    double checkpoint_every = 30;
    /// A state that `checkpoint` was handed for the same problems: the fit goes on from it. Empty: it begins.
    std::string_view resume = {};
};

/// What was found, of each problem in the order given. What there is none of is NaN.
struct Fits {
    std::size_t dimension = 0;
    std::vector<FitStatus> status;  ///< [P]
    std::vector<double> x;          ///< [P][d] the variables
    /// [P][d] standard errors, the roots of the covariance's diagonal.
    std::vector<double> standard_error;
    /// [P][d][d] s^2 (J'J)^-1 with the derivatives J of the model over sigma, weighted as the loss weighs
    /// them; s^2 = rss / (n - d) with the variables d that are not fixed, or 1 with absolute_sigma and for
    /// deviances. Of a robust loss s^2 is too small where the loss bends much of the residuals. Rows and
    /// columns of fixed variables are 0. Infinite where the rows do not determine the variables or are no
    /// more than these.
    std::vector<double> covariance;
    std::vector<double> rss;              ///< [P] residual sum of squares, or what Loss says: the least value
    std::vector<std::size_t> n_used;      ///< [P] rows without a missing value
    std::vector<std::size_t> n_left_out;  ///< [P] the others
    std::vector<std::size_t> runs;        ///< [P] that were made
    std::vector<std::size_t> agree;       ///< [P] of these, that came to a fit as good as the best
    double seconds = 0;
    std::uint64_t evaluations = 0;  ///< of a problem's rows, summed over runs; since the last resume

    std::size_t count() const noexcept { return status.size(); }
    std::span<const double> x_of(std::size_t problem) const {
        return std::span(x).subspan(problem * dimension, dimension);
    }
    std::span<const double> covariance_of(std::size_t problem) const {
        return std::span(covariance).subspan(problem * dimension * dimension, dimension * dimension);
    }
};

/// Fits the model to each problem by itself. What comes of one is a function of the model, its own rows,
/// parameters, bounds and starts, and the options: the same bits for any number of threads, in whatever
/// batch it is. Rows with a missing value (NaN) in a column that the model, response or sigma name are left
/// out. A broken problem is a status in its place.
/// \throws std::invalid_argument before any work, naming the option or formula and what is wrong with it.
///         What `progress` and `stop` throw is thrown here.
Fits fit(const Model& model, const Box& box, const Problems& problems, const FitOptions& options = {});

/// What tells fits from others: a digest of all that they depend on. Parts of the same problems are known to
/// belong together by that of all problems.
std::uint64_t digest_of(const Model& model, const Box& box, const Problems& problems,
                        const FitOptions& options = {});

/// The fitted model at rows, which may be others than those it was fitted to: `problems` has as many as were
/// fitted, with the columns that the formula names, and has no rows(...).
struct Prediction {
    std::vector<double> value;  ///< [row] of all problems one after the other
    /// [row] half the width of the band around it that holds the model with the confidence asked for, from
    /// the covariance to first order, by Student's t.
    std::vector<double> half_width;
};
Prediction predict(const Model& model, const Box& box, const Problems& problems, const Fits& fits,
                   double confidence = 0.95, const FitOptions& options = {});

}  // namespace lanewise
