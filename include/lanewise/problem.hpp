/// Problems as people write them down: in a file, or flag by flag.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/data.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/fit_input.hpp"
#include "lanewise/minimize_problems.hpp"
#include "lanewise/options.hpp"
#include "lanewise/part.hpp"
#include "lanewise/tune.hpp"

namespace lanewise {

enum class ShowProgress { on_terminal, always, never };

/// The program that the objective became, as operations (Program::dump) or as machine code
/// (Program::assembly).
enum class DumpProgram { off, on, assembly };

/// What the program `lanewise` does before and after a search; the search does not look at it.
struct Output {
    DumpProgram dump_program = DumpProgram::off;  ///< shows it, and ends
    bool check_gradient = false;                  ///< first compares the gradient with differences
    std::optional<std::string> json;              ///< a file for the JSON; "-" is stdout
    std::optional<std::string> trace;             ///< a file for every iteration of some runs
    std::optional<std::uint64_t> trace_runs;      ///< how many
    std::optional<std::string> checkpoint;        ///< a file for the states of Options::checkpoint
    std::optional<double> every;                  ///< seconds between two of them
    std::optional<std::string> resume;            ///< a file with such a state, to go on from
    std::optional<std::string> handed;            ///< a file with what `lanewise merge --hand-out` wrote
    ShowProgress progress = ShowProgress::on_terminal;
    bool quiet = false;  ///< nothing on stderr but errors
};

/// What `lanewise fit` fits, or `lanewise minimize` minimises for many problems, and how, beyond what a
/// problem has for a search too.
struct Fitting {
    Model model = {};        ///< but for formula, parameters and tables, see Problem::model
    std::string group = {};  ///< the column of the data by whose keys rows are grouped; empty: they are not
    std::filesystem::path problems_file =
        {};  ///< CSV with a row for each problem, if not empty; "-" is stdin
    FitOptions options = {};
    std::optional<Part> part = {};  ///< of the problems, which is worked on alone
    std::filesystem::path predict_file =
        {};                          ///< CSV with rows at which to predict, if not empty; "-" is stdin
    double confidence = 0.95;        ///< of intervals and bands
    std::optional<std::string> out;  ///< a file for what was found as CSV; "-" is stdout
    bool covariance = false;         ///< with the covariances in it
    std::optional<std::string> predictions;  ///< a file for what is predicted, as CSV; "-" is stdout
};

/// What to minimise, over which variables, and how.
///
///     const lanewise::Problem problem = lanewise::read_problem("valley.toml");
///     const lanewise::Box box = problem.box();
///     lanewise::minimize(problem.objective(box), box, problem.search_options(box));
struct Problem {
    std::filesystem::path file = {};  ///< the problem file it comes from, if it does
    std::string expression = {};
    std::filesystem::path expression_file = {};  ///< where the expression is to be read from, if not empty;
                                                 ///< "-" is stdin
    std::vector<Variable> variables = {};        ///< in the order of their coordinates
    Parameters parameters = {};
    std::filesystem::path data_file = {};  ///< CSV with the rows of the data, if not empty; "-" is stdin
    Tables tables = {};
    std::map<std::string, std::filesystem::path> table_files = {};  ///< CSV with further tables, by name
    Options options = {};
    TuneOptions tune = {};
    std::filesystem::path starts_file = {};  ///< CSV with starts beyond options.start_points, if not empty;
                                             ///< "-" is stdin
    Output output = {};
    Fitting fitting = {};
    std::set<std::string, std::less<>> options_set = {};  ///< those that set_option was called with

    /// Whether there are many problems to minimise: rows by group, or a table of problems.
    bool has_many() const noexcept { return !fitting.group.empty() || !fitting.problems_file.empty(); }

    /// Reads `expression` from expression_file, if there is one.
    /// \throws std::runtime_error naming the file when it cannot be read.
    void load_expression();

    /// \throws std::invalid_argument as Box does.
    Box box() const;

    /// The objective with its data and tables.
    /// \throws std::invalid_argument as Expression does, naming the file the expression comes from; as data.
    Expression objective(const Box& box) const;

    /// The options with the starts of starts_file.
    /// \throws std::runtime_error when it cannot be read, std::invalid_argument when it holds no such starts.
    Options search_options(const Box& box) const;

    /// The columns of data_file that the expression names; no data where there is no file.
    /// \throws std::runtime_error when it cannot be read, std::invalid_argument when it is no such file.
    Data data() const;

    /// The tables with those of table_files, which hold numbers as parse_table_csv takes them. \throws as
    /// data.
    Tables all_tables() const;

    /// What is fitted. \throws as all_tables.
    Model model() const;

    /// What is minimised for many problems. \throws as all_tables.
    ProblemsObjective problems_objective() const;

    /// The problems of data_file and problems_file, of which one is enough. See lanewise::fit_input.
    /// \throws std::runtime_error when a file cannot be read, std::invalid_argument when there is none or
    ///         they do not fit together.
    FitInput fit_input(const Model& model, const Box& box) const;

    /// The rows of predict_file for the problems of `fitted`. See lanewise::prediction_input.
    /// \throws as fit_input.
    FitInput prediction_input(const Model& model, const Box& box, const FitInput& fitted) const;
};

/// The problem in a TOML text. Only the expression is needed; a file without variables gets them elsewhere.
///
///     expression = "a*x^2 + v[0]*v[1]"     or  expression-file = "f.txt"
///     [variables]                          the order here is the order of the coordinates
///     x = [-1, 1]                          short for {lower = -1, upper = 1}
///     v = {lower = 0, upper = 5, length = 2}
///     w = {lower = [0, 2], upper = [1, 5]} bounds of each element
///     k = {lower = 1e-9, upper = 1, log = true}  on a log scale
///     [parameters]
///     a = 2
///     [data]
///     file = "decay.csv"
///     [tables]
///     c = [1, 0.5, 0.25]                   or the file they are in, "c.csv"
///     [fit]                                named as set_fit_option names them, see fit_flag_names
///     response = "log(y)"
///     [options]                            named as set_option names them:
///     starts = 1000                        numbers as numbers,
///     scale = "none"                       words and files as strings,
///     maximize = true                      on or off as true or false, or "on", "off", "yes", "no",
///     start = [[0.5, 1, 1], [1, 2, 2]]     starts as a list of points.
///     [tune]                               of a sweep: named as set_tune_option names them,
///     alpha = "1e-3:1"                     a range,
///     rule = ["adam", "nadam"]             values, or one of them,
///     settings = 64                        numbers as numbers.
///
/// Bounds, parameters and coordinates of starts can be strings with an expression of numbers, "2*pi".
/// The seed can be a string too, "18446744073709551615": a whole number of TOML ends at 2^63 - 1.
/// `file` is what errors call the text; files it names are looked for in the folder of `file`. They are not
/// read: the problem holds their paths. A problem file reads no stdin: a file that is read cannot be "-" in
/// it. A text has at most 1 MiB.
/// \throws std::invalid_argument whatever the text is, when it is no problem, with line and column, the
/// line, a caret under the spot, the key and what is allowed.
Problem parse_problem(std::string_view toml, const std::filesystem::path& file = {});

/// The problem in a file, with its expression loaded.
/// \throws std::invalid_argument as parse_problem; std::runtime_error when a file cannot be read.
Problem read_problem(const std::filesystem::path& file);

/// Sets an option of the problem, read from text; `start` adds one. The names are those of the flags of
/// `lanewise minimize`, see option_names.
/// \throws std::invalid_argument naming the option, the text and what is allowed.
void set_option(Problem& problem, std::string_view name, std::string_view text);

/// Sets what a sweep varies, or another of its options, read from text: an option's name to a range,
/// "1e-3:1", or to values, "0.1, 0.3"; settings, grid, starts and tolerance to a number.
/// \throws std::invalid_argument naming the option, the text and what is allowed.
void set_tune_option(Problem& problem, std::string_view name, std::string_view text);

/// The names set_tune_option knows; those that can be varied come first.
std::vector<std::string_view> tune_option_names();

/// "alpha=1e-3:1": what a sweep varies, and how. \throws std::invalid_argument.
void set_varied(Problem& problem, std::string_view text);

/// The names set_option knows.
std::vector<std::string_view> option_names();

/// The same for the flags of `lanewise fit`, which `[options]` has where it has the name, and `[fit]` else.
/// \throws std::invalid_argument as set_option.
void set_fit_option(Problem& problem, std::string_view name, std::string_view text);

/// The names set_fit_option knows.
std::vector<std::string_view> fit_flag_names();

/// Those of them that Options has.
std::vector<std::string_view> search_option_names();

/// What is said of an option that is none of `known`: "unknown option 'lr'; did you mean 'alpha'?" where it
/// is nearly the name of one, or what others call it, else with all that are known. Names are with their
/// dashes or without.
std::string unknown_option(std::string_view name, const std::vector<std::string_view>& known);

// Numbers in these are what parse_constant takes, "2*pi", and there can be blanks anywhere.

/// "x=-5:5", "x[10]=-5:5" or "x=[0:1, 2:5]". \throws std::invalid_argument.
Variable parse_variable(std::string_view text);

/// "a=1.5". \throws std::invalid_argument.
std::pair<std::string, double> parse_parameter(std::string_view text);

/// "1,2.5,-3", the value of `option`. \throws std::invalid_argument naming both.
std::vector<double> parse_point(std::string_view option, std::string_view text);

}  // namespace lanewise
