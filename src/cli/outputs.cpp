#include "outputs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "console.hpp"

namespace lanewise::cli {

namespace {

/// What a name leads to, so that two names for it compare equal.
struct Target {
    std::filesystem::path path;  ///< where nothing exists yet
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const Target&) const = default;
};

/// None for a terminal, /dev/null and the like: outputs do not overwrite each other there.
std::optional<Target> identify(const struct stat& status) {
    if (S_ISCHR(status.st_mode)) return {};
    return Target{.path = {}, .device = status.st_dev, .inode = status.st_ino};
}

std::optional<Target> target_of(const std::string& file) {
    if (file == "-") return Target{.path = "-"};
    const std::filesystem::path path = end_of_links(file);
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? identify(status) : Target{.path = path};
}

std::optional<Target> target_of_regular(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return {};
    return identify(status);
}

/// A regular file can be read by two, each from its beginning.
bool is_stdin(const std::string& file) {
    if (file == "-") return true;
    struct stat named {};
    struct stat standard {};
    return stat(file.c_str(), &named) == 0 && fstat(STDIN_FILENO, &standard) == 0 &&
           !S_ISREG(standard.st_mode) && named.st_dev == standard.st_dev && named.st_ino == standard.st_ino;
}

[[noreturn]] void refuse(const NamedFile& named, std::string_view why) {
    throw std::invalid_argument(fmt::format("{} '{}': {}", named.option, *named.file, why));
}

}  // namespace

std::vector<NamedFile> inputs_of(const Problem& problem) {
    std::vector<NamedFile> inputs;
    const auto add = [&](const std::string& option, const std::filesystem::path& file) {
        if (!file.empty()) inputs.push_back({option, file.string()});
    };
    add("problem", problem.file);
    add("expression", problem.expression_file);
    add("data", problem.data_file);
    for (const auto& [name, file] : problem.table_files) add("table " + name, file);
    add("starts-file", problem.starts_file);
    add("problems", problem.fitting.problems_file);
    add("predict", problem.fitting.predict_file);
    return inputs;
}

void require_distinct(const std::vector<NamedFile>& outputs, const std::vector<NamedFile>& inputs) {
    struct Taken {
        Target target;
        std::string by;
    };
    std::vector<Taken> taken;
    for (const NamedFile& input : inputs) {
        if (!input.file) continue;
        if (const auto target = input.file == "-" ? target_of_regular(STDIN_FILENO) : target_of(*input.file))
            taken.push_back({*target, fmt::format("the {} is read from there", input.option)});
    }
    if (const auto target = target_of_regular(STDOUT_FILENO))
        taken.push_back({*target, "stdout goes there; - is stdout"});
    if (const auto target = target_of_regular(STDERR_FILENO)) taken.push_back({*target, "stderr goes there"});
    for (const NamedFile& output : outputs) {
        if (!output.file) continue;
        const auto target = target_of(*output.file);
        if (!target) continue;
        for (const Taken& other : taken) {
            if (other.target == *target) refuse(output, other.by);
        }
        taken.push_back({*target, fmt::format("the {} goes there", output.option)});
    }
}

void require_one_reader_of_stdin(const std::vector<NamedFile>& inputs) {
    const NamedFile* reader = nullptr;
    for (const NamedFile& input : inputs) {
        if (!input.file || !is_stdin(*input.file)) continue;
        if (reader != nullptr) refuse(input, fmt::format("the {} is read from stdin, too", reader->option));
        reader = &input;
    }
}

void Sink::write(std::string_view text) {
    if (file_) {
        file_->write(text);
    } else {
        say(text);
    }
}

void Sink::commit() {
    if (file_) {
        file_->commit();
    } else {
        flush_stdout();
    }
}

void write_whole(Sink& sink, std::string_view text) {
    sink.write(text);
    sink.commit();
}

std::unique_ptr<Sink> open_sink(const std::optional<std::string>& target) {
    return target ? std::make_unique<Sink>(*target) : nullptr;
}

}  // namespace lanewise::cli
