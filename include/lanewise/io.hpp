/// Results and starts as text.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/check_gradient.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/fit_input.hpp"
#include "lanewise/minimize_problems.hpp"
#include "lanewise/options.hpp"
#include "lanewise/part.hpp"
#include "lanewise/problems.hpp"
#include "lanewise/result.hpp"
#include "lanewise/tune.hpp"

namespace lanewise {

/// The result as JSON, with the problem and all option values used; layout in doc/json.md. Numbers read back
/// to the same double. `expression` is the objective's text, if it has one.
std::string to_json(const Result& result, const Box& box, const Options& options,
                    std::string_view expression = {}, const Parameters& parameters = {});

/// The result as a short table for a person.
std::string to_table(const Result& result, const Box& box);

/// What came of a sweep: as JSON (layout in doc/json.md); as a short table of the best settings; and as CSV
/// with a line for each setting, where what is not finite is left empty.
std::string to_json(const Tuning& tuning, const Box& box, const Options& options,
                    std::string_view expression = {}, const Parameters& parameters = {});
std::string to_table(const Tuning& tuning, const Box& box);
std::string to_csv(const Tuning& tuning);

/// "--alpha 0.03 --beta1 0.9": what was varied, as flags of `lanewise minimize`.
std::string to_flags(const TuneSetting& setting, const TuneOptions& tune_options);

/// How a search stands, as a line with a bar:
/// "[#####     ] 50 %  starts, iteration 310 of 1000, 768 runs alive  best 1.5  3 minima  150 M
/// run-iterations/s  2 s left"
std::string to_text(const Progress& progress);

/// The verdict on a gradient as a sentence, with the worst component of a wrong one.
std::string to_text(const GradientCheck& check, const Box& box);

/// The same as JSON: passed, text, tolerance, counts of points, names of the variables that are wrong or
/// unsettled, and the worst component. What is not finite is null.
std::string to_json(const GradientCheck& check, const Box& box);

/// What fits are of, for who tells of them.
struct FitsOf {
    const Model& model;
    const Box& box;
    const Problems& problems;
    const FitOptions& options;
    std::string group = {};                  ///< what keys are called
    std::span<const std::string> keys = {};  ///< [P] of the groups; empty where there are none
    double confidence = 0.95;                ///< of intervals
    std::optional<Part> part = {};           ///< what was fitted of the problems, if not all
};

/// The fits as JSON, with the model and the options, a line for each problem; layout in doc/json.md. Numbers
/// read back to the same double.
std::string to_json(const Fits& fits, const FitsOf& of);

/// The fits for a person: of one problem its variables with standard errors and intervals, of many how they
/// ended, what came out on the whole, and the first few.
std::string to_table(const Fits& fits, const FitsOf& of);

/// The fits as CSV, a line for each problem: its key or number, each variable `k` with its standard error
/// `k.stderr`, rss, n_used, n_left_out, runs, agree and status; with_covariance also `k.m.cov`, for each pair
/// of variables once. What there is none of is left empty. Of a part there is a comment before the names, by
/// which merge_csv knows it.
std::string to_csv(const Fits& fits, const FitsOf& of, bool with_covariance = false);

/// What minima of problems are of, for who tells of them.
struct EndsOf {
    const ProblemsObjective& objective;
    const Box& box;
    const Problems& problems;
    const FitOptions& options;
    std::string group = {};                  ///< what keys are called
    std::span<const std::string> keys = {};  ///< [P] of the groups; empty where there are none
    std::optional<Part> part = {};           ///< what was worked on of the problems, if not all
};

/// The minima as those of fits are told: as JSON, with the minima of each problem if there are any,
std::string to_json(const ProblemEnds& ends, const EndsOf& of);
/// for a person,
std::string to_table(const ProblemEnds& ends, const EndsOf& of);
/// and as CSV with the key or number, the variables, f, n_used, n_left_out, runs, agree and status.
std::string to_csv(const ProblemEnds& ends, const EndsOf& of);

/// Whether a text begins as to_csv begins that of a part. The first bytes are enough.
bool begins_csv_of_part(std::string_view text);

/// Puts CSVs of parts together: what to_csv writes of all problems goes to `write`, piece by piece, once all
/// files are known to be parts of the same. `read` gives the text of a file, and is asked twice: one text is
/// held at a time. Without `allow_missing` no part that has problems may be missing.
/// Returns remarks: which parts are missing, and in which files there are problems that were stopped.
/// \throws std::invalid_argument naming the files that are no such parts, do not belong together, are of the
///         same part or are cut off, and the parts that are missing. What `read` and `write` throw.
std::vector<std::string> merge_csv(std::span<const std::string> files,
                                   const std::function<std::string(const std::string& file)>& read,
                                   const std::function<void(std::string_view text)>& write,
                                   bool allow_missing = false);

/// What is predicted as CSV, a line for each row: key or number of its problem, the columns that the formula
/// names, `prediction`, `prediction.lower` and `prediction.upper`. Rows are in the order of the table that
/// `rows` was made of, or where every problem has all of them, problem by problem.
std::string to_csv(const Prediction& prediction, const FitInput& rows, std::string_view group = {});

/// How fits stand, as a line with a bar.
std::string to_text(const FitProgress& progress);

/// The shortest decimal that reads back to the same double.
std::string to_text(double number);

/// Starts, or other points, from CSV text: one point a line. Columns are separated by the first of ';', ','
/// and tab that the first line has outside quotes, else by blanks. A first line without any number is a
/// header: the columns that it names like the coordinates are taken, whatever others there are, so that a
/// trace and what `lanewise evaluate` wrote can be read. Without a header the columns are the coordinates in
/// the box's order. Cells can be in quotes, as those of CsvTable. Empty lines and lines starting with # are
/// skipped. `origin` is what errors call the text.
/// \throws std::invalid_argument naming the line and what is wrong with it.
std::vector<std::vector<double>> parse_starts_csv(std::string_view text, const Box& box,
                                                  std::string_view origin = "starts file");

/// The whole content of a file; of a pipe or a device at most 1 GiB.
/// \throws std::runtime_error naming the file when it cannot be read, or a device does not end.
std::string read_file(const std::filesystem::path& file);

/// The same of stdin where the name is "-". Errors call it "stdin".
std::string read_file_or_stdin(const std::filesystem::path& file);

/// What errors call the file of read_file_or_stdin.
std::string name_of_input(const std::filesystem::path& file);

/// Whether something of that name exists and is no regular file: a pipe, a device, a folder.
bool is_special(const std::filesystem::path& file);

/// The file that a name leads to, by way of symbolic links, whether it exists or not: in a folder that exists
/// by its one canonical name. What is special is left as it is.
/// \throws std::runtime_error where links lead in a circle.
std::filesystem::path end_of_links(std::filesystem::path file);

/// A file that is written whole or not at all, whenever the program or the machine may end: what is written
/// goes into a temporary file in the same folder, `.lanewise-DIGITS.tmp`, which takes its name at commit()
/// and is removed when there was none. What a killed program left of such files is removed by the next that
/// writes in that folder; a lock tells whether their writer is gone. A symbolic link keeps pointing, a file
/// keeps its permissions. What exists and is no regular file is written directly.
class WholeFile {
  public:
    /// \throws std::runtime_error naming the file when it cannot be written.
    explicit WholeFile(std::filesystem::path file);
    WholeFile(const WholeFile&) = delete;
    WholeFile& operator=(const WholeFile&) = delete;
    ~WholeFile();

    /// What goes wrong is for commit to tell.
    void write(std::string_view text);
    /// \throws std::runtime_error when anything could not be written.
    void commit();

  private:
    void open_temporary();
    void put(std::string_view text);

    std::filesystem::path file_, temporary_;
    int descriptor_ = -1;
    std::string waiting_;  ///< to be written
    int error_ = 0;        ///< errno of the first write that failed
};

}  // namespace lanewise
