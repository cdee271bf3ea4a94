#include "merge_states.hpp"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "console.hpp"
#include "exit_codes.hpp"
#include "keeping.hpp"
#include "outputs.hpp"
#include "signals.hpp"
#include "write_json.hpp"

namespace lanewise::cli {

namespace {

/// What the search was, by one of its parts.
SavedSearch search_of(const PartState& part) {
    SavedSearch search = with_file(part.name, [&] { return read_saved(part.state); });
    if (!search.formula)
        throw std::invalid_argument(fmt::format(
            "{}: the objective is no formula; `lanewise merge` has to know its values", part.name));
    if (search.options.part == 0)
        throw std::invalid_argument(
            fmt::format("{}: this is the state of a whole search, of no part", part.name));
    // What is told of the search does not depend on which part tells it.
    search.options.part = 0;
    search.options.jit = Options{}.jit;
    search.options.max_time.reset();
    return search;
}

/// With the data that is given, for parts do not hold it.
Expression objective_of(const SavedSearch& search, const Problem& given) {
    const Formula& formula = *search.formula;
    const bool has_data = !given.data_file.empty() || !given.table_files.empty();
    if (!formula.data.empty() && !has_data)
        throw std::invalid_argument(fmt::format(
            "the objective has data ({}), which parts do not hold: --data FILE.csv or --table NAME=FILE is "
            "needed",
            formula.data));
    return Problem{.expression = formula.expression,
                   .parameters = formula.parameters,
                   .data_file = given.data_file,
                   .table_files = given.table_files}
        .objective(search.box);
}

/// What is missing, and what is to come.
void require_whole(const Merged& merged, const Options& options, bool is_handed_out) {
    if (merged.result->status != SearchStatus::parts_missing || !merged.missing.empty() || is_handed_out)
        return;
    std::vector<std::size_t> to_come;
    for (std::size_t part = merged.result->parts->numbers.back() + 1; part <= options.parts; ++part)
        to_come.push_back(part);
    throw std::invalid_argument(fmt::format(
        "{} of {} {} of rounds to come; --hand-out FILE writes what they are handed, and --allow-missing "
        "merges those that are here",
        name_parts(to_come), options.parts, to_come.size() == 1 ? "is" : "are"));
}

}  // namespace

int merge_states(const Problem& given, const MergeArguments& arguments) {
    const bool quiet = given.output.quiet;
    std::vector<std::string> states;
    std::vector<PartState> parts;
    states.reserve(arguments.files.size());
    for (const std::string& file : arguments.files)
        parts.push_back({file, states.emplace_back(read_file(file))});
    std::vector<NamedFile> inputs = inputs_of(given);
    for (const std::string& file : arguments.files) inputs.push_back({"part", file});
    require_distinct({{"json", given.output.json}, {"hand-out", arguments.hand_out}}, inputs);

    SavedSearch search = search_of(parts.front());
    Options& options = search.options;
    options.most_minima = given.options.most_minima;
    options.threads = given.options.threads;
    if (given.options.isa) options.isa = given.options.isa;
    const Expression objective = objective_of(search, given);
    watch_for_signals();
    const std::unique_ptr<Sink> json = open_sink(given.output.json);
    const std::unique_ptr<Sink> hand_out = open_sink(arguments.hand_out);

    Merged merged = merge(parts, objective, search.box, options, arguments.allow_missing);
    if (signal_seen() != 0) return exit_code_of_signal();
    if (!merged.missing.empty())
        report("{} of {} {} missing", name_parts(merged.missing), options.parts,
               merged.missing.size() == 1 ? "is" : "are");
    if (merged.result && !arguments.allow_missing) require_whole(merged, options, hand_out != nullptr);
    if (merged.is_settled && !quiet) report("the search is settled: no further round is needed");
    if (hand_out && merged.handed.empty())
        throw std::invalid_argument("hand-out: these are the parts of the last round");

    if (merged.result && given.output.json != "-") say(to_table(*merged.result, search.box));
    flush_stdout();
    Attempts attempt;
    if (hand_out) attempt([&] { write_whole(*hand_out, merged.handed); });
    if (json && merged.result)
        attempt([&] { write_json(*json, *merged.result, search.box, options, *search.formula); });
    if (!merged.result) report("nothing finite was found so far");
    return attempt.all_succeeded() ? done : bad_input;
}

}  // namespace lanewise::cli
