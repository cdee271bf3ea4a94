/* The C interface: lanewise for C, and for every language that can call C. It is C99 and C++.
 *
 *     lanewise_problem *problem = lanewise_new();
 *     lanewise_result *result = NULL;
 *     const double lower = -5, upper = 5;
 *     double x[2];
 *     if (lanewise_add_variable(problem, "x", 0, &lower, &upper, LANEWISE_LINEAR_UNLESS_WIDE) ||
 *         lanewise_add_variable(problem, "y", 0, &lower, &upper, LANEWISE_LINEAR_UNLESS_WIDE) ||
 *         lanewise_set_expression(problem, "(x^2 + y - 11)^2 + (x + y^2 - 7)^2") ||
 *         lanewise_set_option(problem, "seed", "1") ||
 *         lanewise_minimize(problem, &result)) {
 *         fprintf(stderr, "%s\n", lanewise_error(problem));
 *     } else {
 *         printf("%g at ", lanewise_best(result, x));
 *         printf("(%g, %g)\n", x[0], x[1]);
 *     }
 *     lanewise_free_result(result);
 *     lanewise_free(problem);
 *
 * Link with -llanewise_c; `pkg-config --cflags --libs lanewise` knows the flags.
 *
 * A problem is an objective over a box with its options. It belongs to one thread at a time, and so does a
 * result. Several problems can be worked on by several threads at once: nothing is global. Pointers that are
 * handed over need to be valid during the call alone, but for callbacks and their data and for the numbers of rows
 * (lanewise_set_rows), which the problem keeps.
 * Points are rows of arrays: x[i*d + j] is coordinate j of point i, where d is lanewise_dimension(). The elements
 * of the variables are the coordinates, in the order in which the variables were added.
 *
 * A callback may do everything but call with the problem that calls it: but for lanewise_error() that is refused.
 *
 * No C++ exception leaves a function. What is said here holds for all versions that have the same LANEWISE_ABI:
 * functions may be added, structs may get further members at their end, and nothing changes its meaning. */
#ifndef LANEWISE_LANEWISE_H
#define LANEWISE_LANEWISE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LANEWISE_ABI 1

#if defined(__GNUC__)
#define LANEWISE_API __attribute__((visibility("default")))
#else
#define LANEWISE_API
#endif

typedef struct lanewise_problem lanewise_problem;
typedef struct lanewise_result lanewise_result;

/* What functions return. After anything but LANEWISE_OK lanewise_error() says what went wrong. */
typedef enum lanewise_code {
    LANEWISE_OK = 0,
    LANEWISE_OUT_OF_MEMORY = 1,
    LANEWISE_INVALID = 2,        /* what was given: the message names it, its value and what is allowed */
    LANEWISE_NOTHING_FINITE = 3, /* no start has a finite value and gradient */
    LANEWISE_CALLBACK_FAILED = 4, /* a callback returned something else than 0 */
    LANEWISE_FAILED = 5           /* anything else: a file that cannot be read, Jit that cannot be made */
} lanewise_code;

/* "major.minor.patch" of the library. */
LANEWISE_API const char *lanewise_version(void);

/* ---- The problem ---- */

/* NULL where there is no memory. */
LANEWISE_API lanewise_problem *lanewise_new(void);
/* NULL is allowed. */
LANEWISE_API void lanewise_free(lanewise_problem *problem);

/* What the last call with this problem that failed has to say; "" before one did. Valid until the next call. */
LANEWISE_API const char *lanewise_error(const lanewise_problem *problem);

/* Takes over what a problem file in TOML says: expression, variables, parameters, options (doc/problem-files.md). Files
 * that it names are looked for in the folder of `file`, which is what errors call the text; NULL: in the current one. What
 * the problem had is replaced. Options of the program alone (json, trace, progress ...) have no effect. */
LANEWISE_API int lanewise_read(lanewise_problem *problem, const char *toml, const char *file);

/* How a variable is searched (Variable::log in lanewise/box.hpp). */
typedef enum lanewise_scale {
    LANEWISE_LINEAR_UNLESS_WIDE = -1, /* half of the starts in the logarithm, where positive bounds span six decades */
    LANEWISE_LINEAR = 0,
    LANEWISE_LOG = 1
} lanewise_scale;

/* Adds a variable: a number where `length` is 0, else a vector of so many elements. `lower` and `upper` have a bound for
 * each element. Equal bounds fix it. `scale` is a lanewise_scale. Bounds may be infinite for lanewise_minimize_batch. */
LANEWISE_API int lanewise_add_variable(lanewise_problem *problem, const char *name, size_t length, const double *lower,
                                       const double *upper, int scale);
/* The same as the command line has it: "x=-5:5", "x[10]=-5:5", "k=1e-9:1 log". */
LANEWISE_API int lanewise_add_variable_text(lanewise_problem *problem, const char *text);

/* The number of coordinates; 0 before there are variables. */
LANEWISE_API size_t lanewise_dimension(const lanewise_problem *problem);

/* The bounds of the coordinates, lower[d] and upper[d]. */
LANEWISE_API int lanewise_bounds(lanewise_problem *problem, double *lower, double *upper);

/* A constant of the formula. */
LANEWISE_API int lanewise_set_parameter(lanewise_problem *problem, const char *name, double value);

/* An option by its name, as the command line has it, its value as text: "starts" "1000", "max-time" "2.5", "rule" "lbfgs".
 * doc/command-line.md and lanewise/options.hpp say what there is; lanewise_option_name() lists the names. A name can have
 * underscores in place of dashes. lanewise_minimize_batch has one more: "tolerance". An option that was set stays set. */
LANEWISE_API int lanewise_set_option(lanewise_problem *problem, const char *name, const char *value);

/* The names of the options one after the other; NULL behind the last. */
LANEWISE_API const char *lanewise_option_name(size_t index);

/* ---- The objective: one of these ---- */

/* A formula in the variables (doc/language.md). */
LANEWISE_API int lanewise_set_expression(lanewise_problem *problem, const char *expression);

/* A program: what a function of another language did with its variables, recorded operation by operation. Node i is the
 * operation with the number operations[i] (lanewise_operation) on the nodes a[i], b[i], c[i], which come before it; operands
 * that an operation does not have are not looked at. `value` is the node of the value. Derivatives are taken of it, it is
 * optimised and compiled as a formula is. At most 2 million nodes. */
LANEWISE_API int lanewise_set_program(lanewise_problem *problem, size_t nodes, const uint8_t *operations, const uint32_t *a,
                                      const uint32_t *b, const uint32_t *c, const double *numbers, uint32_t value);

/* The number of an operation, the same for all versions: of "variable" (a is the coordinate), "constant" (the number in
 * numbers[i]), neg add sub mul div pow min max abs sign floor ceil sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan
 * asin acos atan atan2 sinh cosh tanh erf erfc gamma lgamma hypot, lt le eq ne (1 or 0), logical_and logical_or logical_not,
 * and select (b where a is not 0, else c). -1 where there is none of that name. */
LANEWISE_API int lanewise_operation(const char *name);

/* Values and gradients of `count` points: from x[count][d] it writes f[count] and g[count][d]. NaN or infinity is the way
 * to say that a point has no value. `ids` are the runs that the points belong to: in lanewise_minimize_batch the indices
 * of the starts, in searches a number for each run that makes its iterations, else NULL. Anything but 0 ends the work with LANEWISE_CALLBACK_FAILED. Called on the thread that called, with all points
 * that are wanted at once. What is written for a point may depend on that point alone. */
typedef int (*lanewise_gradient_callback)(void *data, size_t count, const double *x, const uint32_t *ids, double *f, double *g);
LANEWISE_API int lanewise_set_gradient_callback(lanewise_problem *problem, lanewise_gradient_callback callback, void *data);

/* The same where only values are known. Gradients are taken by central differences with the relative step `step`, 0 for the
 * usual one (CentralDifferences in lanewise/callback.hpp): the callback is called 1 + d times a round. */
typedef int (*lanewise_value_callback)(void *data, size_t count, const double *x, const uint32_t *ids, double *f);
LANEWISE_API int lanewise_set_value_callback(lanewise_problem *problem, lanewise_value_callback callback, double step, void *data);

/* ---- What a search is told and tells on its way ---- */

/* Starts given by hand, x[count][d], in place of those that were. They come before drawn ones. */
LANEWISE_API int lanewise_set_starts(lanewise_problem *problem, size_t count, const double *x);

/* How a search stands; see Progress in lanewise/options.hpp. */
typedef struct lanewise_progress {
    const char *phase; /* "starts", "offspring" or "polish" */
    uint64_t iteration, iterations, runs, runs_begun, runs_alive, minima, run_iterations;
    double share, best_f, seconds;
} lanewise_progress;

/* Called on the calling thread. Anything but 0 ends the work with LANEWISE_CALLBACK_FAILED. NULL for none. */
typedef int (*lanewise_progress_callback)(void *data, const lanewise_progress *progress);
LANEWISE_API int lanewise_set_progress(lanewise_problem *problem, lanewise_progress_callback callback, void *data);

/* The line with a bar that the program shows. It looks at the members that are listed here, and at no later ones. Writes at most `size` bytes with the 0 at the end, and returns the length of the
 * whole line, as snprintf does. */
LANEWISE_API size_t lanewise_progress_text(const lanewise_progress *progress, char *text, size_t size);

/* Asked on the calling thread, at most every 10 ms. Anything but 0 ends the search with what it has found so far. */
typedef int (*lanewise_stop_callback)(void *data);
LANEWISE_API int lanewise_set_stop(lanewise_problem *problem, lanewise_stop_callback callback, void *data);

/* Handed the state of a search from time to time (option "every", in seconds) and when it ends, to go on from with
 * lanewise_resume. Anything but 0 ends the work with LANEWISE_CALLBACK_FAILED. */
typedef int (*lanewise_checkpoint_callback)(void *data, const void *state, size_t bytes);
LANEWISE_API int lanewise_set_checkpoint(lanewise_problem *problem, lanewise_checkpoint_callback callback, void *data);

/* ---- Work ---- */

/* Searches for the global minimum (lanewise/minimize.hpp). *result is for lanewise_free_result(); it is NULL where the search
 * failed. */
LANEWISE_API int lanewise_minimize(lanewise_problem *problem, lanewise_result **result);

/* Goes on with a search from a state, to the same bits as if it had never stopped (lanewise/saved.hpp). */
LANEWISE_API int lanewise_resume(lanewise_problem *problem, const void *state, size_t bytes, lanewise_result **result);

/* ---- A search in parts (lanewise/parts.hpp) ----
 *
 * With the option "part" "3/100" lanewise_minimize() works on part 3 of 100 alone, and the last state that the checkpoint callback is handed is
 * what the part found. With "parts" "100" it works on all of them and merges; the callback is handed the states of one after the other. */

/* What lanewise_merge() handed out for a part of a later round, copied. NULL and 0: nothing. */
LANEWISE_API int lanewise_set_handed(lanewise_problem *problem, const void *handed, size_t bytes);

/* *part is the number of the part that the state is of, from 1, where that is done; 0 where it is not, or is none. */
LANEWISE_API int lanewise_part_of_state(lanewise_problem *problem, const void *state, size_t bytes, uint64_t *part);

/* Merges what parts found: `count` states, of bytes[i] bytes each. Objective, variables and options of the problem are those of the
 * parts. Unless allow_missing, all parts of the first rounds have to be there, up to the last that there is one of.
 *
 * *result is for lanewise_free_result(); it is NULL where rounds are to come and nothing was found so far. *handed is what the parts of
 * the next round are handed, valid until the next call, and of no bytes after the last. *settled is 1 where no further round is
 * needed (option "settle"), else 0. Each may be NULL. */
LANEWISE_API int lanewise_merge(lanewise_problem *problem, size_t count, const void *const *states, const size_t *bytes,
                                int allow_missing, lanewise_result **result, const void **handed, size_t *handed_bytes,
                                int *settled);

/* Searches with a profile: *report is a text that says where the time went (doc/profile.md), *timeline a JSON for
 * chrome://tracing and ui.perfetto.dev. Both are valid until the next call. */
LANEWISE_API int lanewise_profile(lanewise_problem *problem, lanewise_result **result, const char **report, const char **timeline);

/* Where a run ended. */
typedef enum lanewise_run_status {
    LANEWISE_CONVERGED_GRADIENT = 0,
    LANEWISE_CONVERGED_VALUE = 1,
    LANEWISE_MAX_ITERATIONS = 2,
    LANEWISE_NAN_AT_START = 5,
    LANEWISE_NAN_ON_THE_WAY = 6,
    LANEWISE_STOPPED = 7
} lanewise_run_status;

/* Minimises from each of the starts x0[count][d] for itself (lanewise/minimize_batch.hpp) and writes where each ended: x[count][d],
 * f[count], the gradient there g[count][d], status[count] (lanewise_run_status), iterations[count], evaluations[count]. The rule is
 * L-BFGS unless the option "rule" was set by lanewise_set_option. Of the last four each may be NULL. */
LANEWISE_API int lanewise_minimize_batch(lanewise_problem *problem, size_t count, const double *x0, double *x, double *f,
                                         double *g, uint8_t *status, uint64_t *iterations, uint64_t *evaluations);

/* Values f[count] and gradients g[count][d] at the points x[count][d]; g may be NULL. Points may lie outside of the box. */
LANEWISE_API int lanewise_evaluate(lanewise_problem *problem, size_t count, const double *x, double *f, double *g);

/* Compares the gradient with differences of the value at `points` points (lanewise/check_gradient.hpp). *passed is 1 or 0,
 * *verdict a sentence for a person, *json the same with its numbers. Both are valid until the next call; each may be NULL. */
LANEWISE_API int lanewise_check_gradient(lanewise_problem *problem, size_t points, double tolerance, int *passed,
                                         const char **verdict, const char **json);

/* The points of the drawn and given starts with these ids, x[count][d], as lanewise_minimize chooses them. */
LANEWISE_API int lanewise_starts(lanewise_problem *problem, size_t count, const uint64_t *ids, double *x);

/* Runs the starts with these ids again, and hands every point of their paths to the callback, run by run: where each iteration
 * moved the run. Iteration -1 is the start itself. */
typedef int (*lanewise_path_callback)(void *data, uint64_t start_id, int64_t iteration, double f, const double *x);
LANEWISE_API int lanewise_paths(lanewise_problem *problem, size_t count, const uint64_t *ids, size_t iterations,
                                lanewise_path_callback callback, void *data);

/* ---- Data ---- */

/* Data are rows, an observation each, of one problem or of many: problem p has the rows first_rows[p] up to
 * first_rows[p + 1], where first_rows has problems + 1 numbers, from 0 on. What is known of the columns, parameters, bounds
 * and starts of problems is forgotten.
 *
 * lanewise_fit() finds the variables of each problem. In a formula of lanewise_set_expression(), rows(E) is the sum of E over
 * the rows of one problem, and lanewise_minimize_problems() minimises it for each. */
LANEWISE_API int lanewise_set_rows(lanewise_problem *problem, size_t problems, const size_t *first_rows);

/* Adds a column: `count` numbers, of the rows of all problems one after the other; or, where `is_shared` is not 0, of rows that
 * every problem has, from its first row on. NaN is a missing value. The numbers are the caller's, who keeps them until
 * lanewise_set_rows() or lanewise_free(). */
LANEWISE_API int lanewise_add_column(lanewise_problem *problem, const char *name, size_t count, const double *numbers,
                                     int is_shared);

/* A parameter of the formula that differs by problem: a number for each. Kept as those of a column. */
LANEWISE_API int lanewise_add_problem_parameter(lanewise_problem *problem, const char *name, const double *numbers);

/* Bounds in place of those of the variables, lower[problems][d] and upper[problems][d]; NaN leaves a bound as it is. Either may
 * be NULL. Kept as the numbers of a column. */
LANEWISE_API int lanewise_set_problem_bounds(lanewise_problem *problem, const double *lower, const double *upper);

/* A start for each problem, x[problems][d], which comes before all others. NULL for none. Kept as the numbers of a column. */
LANEWISE_API int lanewise_set_problem_starts(lanewise_problem *problem, const double *x);

/* Numbers of the formula by name and index: name[i]. */
LANEWISE_API int lanewise_set_table(lanewise_problem *problem, const char *name, size_t count, const double *numbers);

/* ---- Fits: a model with its variables, found for many problems at once (lanewise/fit.hpp) ---- */

/* What is fitted: formulas in the variables, columns and parameters for the model, which is the formula of
 * lanewise_set_expression() then, and in columns and parameters for the response, which it is to come to, and for sigma, the
 * standard deviation of that, or weights, 1 / sigma^2. Of the last two at most one is there; NULL for neither. */
LANEWISE_API int lanewise_set_model(lanewise_problem *problem, const char *formula, const char *response, const char *sigma,
                                    const char *weights);

/* An option of fits by its name, as `lanewise fit` has it, its value as text: "starts" "8", "tolerance" "1e-10", "loss" "huber",
 * "absolute-sigma" "on". lanewise/fit.hpp says what there is; lanewise_fit_option_name() lists the names. A name can have
 * underscores in place of dashes. They are others than those of lanewise_set_option. */
LANEWISE_API int lanewise_set_fit_option(lanewise_problem *problem, const char *name, const char *value);

/* The names of the options one after the other; NULL behind the last. */
LANEWISE_API const char *lanewise_fit_option_name(size_t index);

/* How fits stand; see FitProgress in lanewise/fit.hpp. */
typedef struct lanewise_fit_progress {
    uint64_t problems, done, runs;
    double seconds;
} lanewise_fit_progress;

/* Called on the calling thread. Anything but 0 ends the work with LANEWISE_CALLBACK_FAILED. NULL for none. */
typedef int (*lanewise_fit_progress_callback)(void *data, const lanewise_fit_progress *progress);
LANEWISE_API int lanewise_set_fit_progress(lanewise_problem *problem, lanewise_fit_progress_callback callback, void *data);

/* What came of a problem. */
typedef enum lanewise_fit_status {
    LANEWISE_FIT_CONVERGED = 0,
    LANEWISE_FIT_MAX_ITERATIONS = 1,
    LANEWISE_FIT_NO_ROWS = 2,  /* there is no row without a missing value */
    LANEWISE_FIT_NO_VALUE = 3, /* at no start are value and derivatives finite */
    LANEWISE_FIT_STOPPED = 4
} lanewise_fit_status;

/* Fits the model to each problem by itself and writes what came of it; see Fits in lanewise/fit.hpp: the variables
 * x[problems][d], their standard errors [problems][d] and covariance [problems][d][d], the residual sum of squares
 * rss[problems], status[problems] (lanewise_fit_status), how many rows were used and left out for a missing value, how many runs
 * were made, and how many of these agree with the best. What there is none of is NaN. Each but x may be NULL. The starts of
 * lanewise_set_starts() are starts of every problem. lanewise_set_stop() ends the work with the fits that are done, and
 * lanewise_set_checkpoint() is handed states: `state` is one to go on from, or NULL. */
LANEWISE_API int lanewise_fit(lanewise_problem *problem, const void *state, size_t bytes, double *x, double *standard_error,
                              double *covariance, double *rss, uint8_t *status, uint64_t *n_used, uint64_t *n_left_out,
                              uint64_t *runs, uint64_t *agree);

/* The model with variables that were fitted, at the rows of now, which may be others than those it was fitted to: value[row], and
 * half the width of the band around it that holds the model with this confidence, half_width[row]. The covariance, rss, status
 * and n_used are those that lanewise_fit() wrote. half_width may be NULL. */
LANEWISE_API int lanewise_predict(lanewise_problem *problem, const double *x, const double *covariance, const double *rss,
                                  const uint8_t *status, const uint64_t *n_used, double confidence, double *value,
                                  double *half_width);

/* ---- Other objectives of many problems (lanewise/minimize_problems.hpp) ---- */

/* Minimises the formula of lanewise_set_expression() for each problem by itself, with its columns in rows(...), and writes what
 * came of it: x[problems][d], the value there f[problems], status, n_used, n_left_out, runs and agree as of lanewise_fit(). The
 * options are those of lanewise_set_fit_option(), and "maximize" of lanewise_set_option(); states, stopping, progress and starts are as
 * of fits.
 *
 * Where `most` is not 0, up to so many minima of each problem are told, best first: how many there are, minima[problems], where
 * they are, minima_x[problems][most][d], minima_f[problems][most], and how many runs ended there, minima_runs[problems][most]. What
 * is behind them is NaN and 0. Each but x may be NULL. */
LANEWISE_API int lanewise_minimize_problems(lanewise_problem *problem, const void *state, size_t bytes, double *x, double *f,
                                            uint8_t *status, uint64_t *n_used, uint64_t *n_left_out, uint64_t *runs,
                                            uint64_t *agree, size_t most, uint64_t *minima, double *minima_x, double *minima_f,
                                            uint64_t *minima_runs);

/* ---- What was found ---- */

/* NULL is allowed. */
LANEWISE_API void lanewise_free_result(lanewise_result *result);

/* Why the search ended: "completed", "settled", "target", "max-time", ... */
LANEWISE_API const char *lanewise_status(const lanewise_result *result);

/* The best value. Its point is written to x[d], unless that is NULL. */
LANEWISE_API double lanewise_best(const lanewise_result *result, double *x);

/* How many minima are described. The first `most` of them, best first, are written to x[most][d], f[most] and hits[most] (starts
 * whose run ended there); each may be NULL. */
LANEWISE_API size_t lanewise_minima(const lanewise_result *result, size_t most, double *x, double *f, uint64_t *hits);

/* The whole result as JSON (doc/json.md), and as the table that the program prints; NULL where there is no memory. They are valid
 * as long as the result. */
LANEWISE_API const char *lanewise_json(lanewise_result *result);
LANEWISE_API const char *lanewise_table(lanewise_result *result);

#ifdef __cplusplus
}
#endif

#endif
