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

std::optional<Target> target_of_descriptor(int descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return {};
    return identify(status);
}

[[noreturn]] void refuse(const NamedFile& output, std::string_view why) {
    throw std::invalid_argument(fmt::format("{} '{}': {}", output.option, *output.file, why));
}

}  // namespace

void require_distinct(const std::vector<NamedFile>& outputs, const std::vector<NamedFile>& inputs) {
    struct Taken {
        Target target;
        std::string by;
    };
    std::vector<Taken> taken;
    for (const NamedFile& input : inputs) {
        if (!input.file || input.file == "-") continue;
        if (const auto target = target_of(*input.file))
            taken.push_back({*target, fmt::format("the {} is read from there", input.option)});
    }
    if (const auto target = target_of_descriptor(STDOUT_FILENO))
        taken.push_back({*target, "stdout goes there; - is stdout"});
    if (const auto target = target_of_descriptor(STDERR_FILENO))
        taken.push_back({*target, "stderr goes there"});
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

std::unique_ptr<Sink> open_sink(const std::optional<std::string>& target) {
    return target ? std::make_unique<Sink>(*target) : nullptr;
}

}  // namespace lanewise::cli
