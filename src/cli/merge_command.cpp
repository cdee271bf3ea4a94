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

/// \throws std::invalid_argument naming a file that is none.
void require_csvs(const std::vector<std::string>& files) {
    const auto csv = std::ranges::find_if(files, is_csv);
    if (csv == files.end())
        throw std::invalid_argument(
            fmt::format("{}: is neither a state of a part nor a CSV of one", files.front()));
    const auto other = std::ranges::find_if_not(files, is_csv);
    if (other != files.end())
        throw std::invalid_argument(fmt::format(
            "{}: is no CSV of a part, {} is one; all files have to be of one kind", *other, *csv));
}

int merge_csvs(const Command& command, const Output& output, const std::string& out) {
    if (output.json) throw std::invalid_argument("json: CSVs of parts are merged to a CSV, --out FILE");
    std::vector<NamedFile> inputs;
    for (const std::string& file : command.files) inputs.push_back({"part", file});
    require_distinct({{"out", out}}, inputs);
    const std::unique_ptr<Sink> sink = open_sink(out);
    const std::vector<std::string> remarks = merge_csv(
        command.files, [](const std::string& file) { return read_file(file); },
        [&](std::string_view text) { sink->write(text); }, command.allow_missing);
    sink->commit();
    if (output.quiet) return done;
    for (const std::string& remark : remarks) report("{}", remark);
    return done;
}

}  // namespace

int run_merge(const Command& command) {
    Problem problem;
    for (const auto& [name, text] : command.flags) set_option(problem, name, text);
    require_csvs(command.files);
    return merge_csvs(command, problem.output, problem.fitting.out.value_or("-"));
}

}  // namespace lanewise::cli
