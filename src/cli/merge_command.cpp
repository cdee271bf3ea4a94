#include "merge_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "console.hpp"
#include "exit_codes.hpp"
#include "keeping.hpp"
#include "outputs.hpp"

namespace lanewise::cli {

namespace {

/// The first bytes of a file.
std::string beginning_of(const std::string& file) {
    require_regular("part", file);
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return read_file(file);  // which says what is wrong
    std::string bytes(64, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

bool is_csv(const std::string& file) {
    return begins_csv_of_part(beginning_of(file));
}

bool is_of_part(const std::string& file) {
    return is_csv(file) || beginning_of(file).starts_with("lanewise ");
}

/// Refuses files of which some are CSV and others are not, and those that are nothing of a part.
void require_one_kind(const std::vector<std::string>& files) {
    const auto csv = std::ranges::find_if(files, is_csv);
    const auto other = std::ranges::find_if_not(files, is_csv);
    if (csv != files.end() && other != files.end())
        throw std::invalid_argument(fmt::format(
            "{}: is no CSV of a part, {} is one; all files have to be of one kind", *other, *csv));
    const auto none = std::ranges::find_if_not(files, is_of_part);
    if (none != files.end())
        throw std::invalid_argument(fmt::format("{}: is neither a state of a part nor a CSV of one", *none));
}

/// Refuses options of searches.
void check_csv_options(const Problem& given, const MergeArguments& arguments) {
    const auto refuse = [](std::string_view option) {
        throw std::invalid_argument(fmt::format("{}: is for parts of a search; these are CSVs", option));
    };
    for (const char* option : {"json", "minima", "threads", "isa"}) {
        if (given.options_set.contains(option)) refuse(option);
    }
    if (arguments.hand_out) refuse("hand-out");
    if (!given.data_file.empty() || !given.table_files.empty()) refuse("data");
}

int merge_csvs(const Problem& given, const MergeArguments& arguments) {
    check_csv_options(given, arguments);
    const std::string out = given.fitting.out.value_or("-");
    std::vector<NamedFile> inputs;
    for (const std::string& file : arguments.files) inputs.push_back({"part", file});
    require_distinct({{"out", out}}, inputs);
    const std::unique_ptr<Sink> sink = open_sink(out);
    const std::vector<std::string> remarks = merge_csv(
        arguments.files, [](const std::string& file) { return read_file(file); },
        [&](std::string_view text) { sink->write(text); }, arguments.allow_missing);
    sink->commit();
    if (given.output.quiet) return done;
    for (const std::string& remark : remarks) report("{}", remark);
    return done;
}

}  // namespace

int run_merge(const Problem& given, const MergeArguments& arguments) {
    require_one_kind(arguments.files);
    if (is_csv(arguments.files.front())) return merge_csvs(given, arguments);
    if (given.fitting.out)
        throw std::invalid_argument("out: is for the CSVs of many problems; a search has --json FILE");
    return merge_states(given, arguments);
}

}  // namespace lanewise::cli
