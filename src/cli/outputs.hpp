// Where a command writes to, and what it reads.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/io.hpp"
#include "lanewise/problem.hpp"

namespace lanewise::cli {

/// A file, or "-" for stdout or stdin, by the option that names it.
struct NamedFile {
    std::string option;
    std::optional<std::string> file;  ///< none where the option was not given
};

/// The files a problem is read from.
std::vector<NamedFile> inputs_of(const Problem& problem);

/// Two outputs may not lead to one file, whatever names they have for it, nor an output to an input or to the
/// file that stdout is redirected to.
/// \throws std::invalid_argument naming both.
void require_distinct(const std::vector<NamedFile>& outputs, const std::vector<NamedFile>& inputs);

/// At most one of the inputs may be stdin, whatever names they have for it: who reads first would leave
/// nothing for the other.
/// \throws std::invalid_argument naming both.
void require_one_reader_of_stdin(const std::vector<NamedFile>& inputs);

/// A place for output, opened before the work so that a bad one fails at once.
class Sink {
  public:
    explicit Sink(const std::string& target)
        : file_(target == "-" ? nullptr : std::make_unique<WholeFile>(target)) {}

    void write(std::string_view text);
    void commit();

  private:
    std::unique_ptr<WholeFile> file_;
};

/// All that goes there.
void write_whole(Sink& sink, std::string_view text);

/// Null where there is no target.
std::unique_ptr<Sink> open_sink(const std::optional<std::string>& target);

}  // namespace lanewise::cli
