#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "lanewise/io.hpp"
#include "part_line.hpp"

namespace lanewise {

namespace {

/// A file of a part, without its rows.
struct PartFile {
    std::string name;
    PartLine line;
    std::string head;   ///< the comment and the names
    std::size_t bytes;  ///< of all

    std::string_view names() const { return std::string_view(head).substr(head.find('\n') + 1); }
    std::size_t number() const { return line.part.number; }
};

[[noreturn]] void fail(const std::string& message) {
    throw std::invalid_argument(message);
}

/// Knows of each character, one after the other, whether a line of CSV ends there.
class LineEnds {
  public:
    bool operator()(char c) noexcept {
        if (c == '"') is_quoted_ = !is_quoted_;
        return c == '\n' && !is_quoted_;
    }

  private:
    bool is_quoted_ = false;
};

/// With the line break, if it has one.
std::string_view first_line(std::string_view text) {
    LineEnds ends_line;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (ends_line(text[at])) return text.substr(0, at + 1);
    }
    return text;
}

/// A last line that does not end is none.
std::size_t count_lines(std::string_view text) {
    // Quotes are rare, and without them counting is many times as quick.
    if (text.find('"') == text.npos) return static_cast<std::size_t>(std::ranges::count(text, '\n'));
    std::size_t lines = 0;
    LineEnds ends_line;
    for (const char c : text) lines += ends_line(c) ? 1U : 0U;
    return lines;
}

PartFile part_file(const std::string& name, std::string_view text) {
    const std::string_view comment = first_line(text);
    const std::optional<PartLine> line = read_part_line(comment);
    if (!line) fail(fmt::format("{}: is no CSV of a part", name));
    const std::string_view names = first_line(text.substr(comment.size()));
    const std::size_t rows = count_lines(text.substr(comment.size() + names.size()));
    if (!text.ends_with('\n') || names.empty() || rows < line->count())
        fail(fmt::format("{}: is cut off: {} of the {} rows of part {} are whole", name, rows, line->count(),
                         line->part.number));
    if (rows > line->count())
        fail(fmt::format("{}: has {} rows, of which part {} has {}", name, rows, line->part.number,
                         line->count()));
    return {.name = name, .line = *line, .head = std::string(comment).append(names), .bytes = text.size()};
}

void require_same(const PartFile& first, const PartFile& other) {
    const PartLine& a = first.line;
    const PartLine& b = other.line;
    if (a.digest != b.digest || a.problems != b.problems)
        fail(
            fmt::format("{}: is of other problems than {}: model, data, bounds, options or the version of "
                        "lanewise differ",
                        other.name, first.name));
    if (a.part.of != b.part.of)
        fail(fmt::format("{}: is part {} of {}, {} is one of {}", other.name, b.part.number, b.part.of,
                         first.name, a.part.of));
    if (first.names() != other.names())
        fail(fmt::format("{}: has other columns than {}", other.name, first.name));
}

/// In the order of the parts.
std::vector<PartFile> part_files(std::span<const std::string> names,
                                 const std::function<std::string(const std::string&)>& read) {
    std::vector<PartFile> files;
    files.reserve(names.size());
    for (const std::string& name : names) {
        files.push_back(part_file(name, read(name)));
        require_same(files.front(), files.back());
    }
    std::ranges::stable_sort(files, {}, &PartFile::number);
    const auto twin = std::ranges::adjacent_find(files, {}, &PartFile::number);
    if (twin != files.end())
        fail(fmt::format("{} and {}: both are part {} of {}", twin->name, std::next(twin)->name,
                         twin->number(), twin->line.part.of));
    return files;
}

/// "part 7 of 100 is missing (problems 60 to 69), part 9 (problems 80 to 89)": those that have problems.
std::string missing_parts(const std::vector<PartFile>& files) {
    constexpr std::size_t most_told = 12;
    const PartLine& line = files.front().line;
    std::string told;
    std::size_t missing = 0;
    auto file = files.begin();
    for (Part part{.number = 1, .of = line.part.of}; part.number <= part.of; ++part.number) {
        if (file != files.end() && file->number() == part.number) {
            ++file;
            continue;
        }
        if (part.first(line.problems) == part.last(line.problems) || ++missing > most_told) continue;
        const std::string problems = problems_of(part, line.problems);
        told += missing == 1 ? fmt::format("part {} of {} is missing ({})", part.number, part.of, problems)
                             : fmt::format(", part {} ({})", part.number, problems);
    }
    if (missing > most_told) told += fmt::format(" and {} more", missing - most_told);
    return told;
}

}  // namespace

bool begins_csv_of_part(std::string_view text) {
    return text.starts_with(mark_of_part);
}

std::vector<std::string> merge_csv(std::span<const std::string> names,
                                   const std::function<std::string(const std::string&)>& read,
                                   const std::function<void(std::string_view)>& write, bool allow_missing) {
    if (names.empty()) fail("there is no CSV of a part to merge");
    const std::vector<PartFile> files = part_files(names, read);
    std::vector<std::string> remarks;
    if (std::string missing = missing_parts(files); !missing.empty()) {
        if (!allow_missing) fail(missing);
        remarks.push_back(std::move(missing));
    }
    write(files.front().names());
    for (const PartFile& file : files) {
        const std::string text = read(file.name);
        if (text.size() != file.bytes || !text.starts_with(file.head))
            fail(fmt::format("{}: changed while it was read", file.name));
        write(std::string_view(text).substr(file.head.size()));
        if (file.line.stopped > 0)
            remarks.push_back(fmt::format("{}: {} of its {} problems stopped before their end", file.name,
                                          file.line.stopped, file.line.count()));
    }
    return remarks;
}

}  // namespace lanewise
