#include "compiled.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>
#include <utility>

#include "cache.hpp"
#include "kernel_sources.hpp"
#include "lanewise/version.hpp"
#include "source.hpp"

namespace lanewise::jit {

namespace fs = std::filesystem;

namespace {

/// Compilers take more than linear time for straight-line code.
constexpr std::size_t most_instructions = 10'000;

std::string flags(Isa isa) {
    return fmt::format("-std=c++20;{};{};-w;-fPIC;-shared;-xc++;-;-xnone;{}", flags_of(isa), include_flags(),
                       link_flags());
}

/// A new folder, for a program that cannot be kept.
std::optional<fs::path> private_folder() {
    std::error_code failed;
    std::string name = (fs::temp_directory_path(failed) / "lanewise-XXXXXX").string();
    if (failed || mkdtemp(name.data()) == nullptr) return {};
    return fs::path(name);
}

}  // namespace

Compiled::~Compiled() {
    compiler_.reset();
    clean_up();
    if (library_ != nullptr) dlclose(library_);
}

void Compiled::make(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision,
                    Compile how) {
    if (kernels() != nullptr) return;
    const std::lock_guard guard(mutex_);
    if (state_ == State::untried) look_up(lowered, dimension, isa, precision);
    if (how == Compile::look_up) return;
    if (state_ == State::not_in_cache) begin(isa);
    if (state_ == State::at_work) take_up(how == Compile::finish);
    if (state_ == State::failed && how == Compile::finish) throw std::runtime_error("jit: " + why_);
}

void Compiled::look_up(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision) {
    if (lowered.instructions.size() > most_instructions || dimension > kernels::most_native_dimension) {
        fail(fmt::format("the program has {} operations in {} variables; at most {} in {} are compiled",
                         lowered.instructions.size(), dimension, most_instructions,
                         kernels::most_native_dimension));
        return;
    }
    source_ = source(lowered, dimension, isa, precision);
    state_ = State::not_in_cache;
    const std::optional<fs::path> folder = cache_folder();
    if (!folder) return;
    place_ =
        *folder /
        (key_of(fmt::format("{}\n{}\n{}\n{}", version(), Compiler::name(), flags(isa), source_)) + ".so");
    open(place_);
}

void Compiled::begin(Isa isa) {
    std::optional<fs::path> folder;
    if (place_.empty()) {
        folder = private_folder();
        if (!folder) {
            fail("there is no folder to compile in");
            return;
        }
        private_ = *folder;
        place_ = private_ / "program.so";
    }
    made_ = place_;
    made_ += fmt::format(".{}.{}", getpid(), static_cast<const void*>(this));
    compiler_ = std::make_unique<Compiler>(source_, flags(isa), made_.string());
    source_ = {};
    state_ = State::at_work;
}

void Compiled::take_up(bool wait) {
    const std::optional<bool> succeeded = compiler_->succeeded(wait);
    if (!succeeded) return;
    compiler_.reset();
    if (!*succeeded) {
        fail(
            fmt::format("the compiler {} failed; it needs the headers of xsimd and SLEEF", Compiler::name()));
    } else if (!keep(made_, place_)) {
        fail(fmt::format("cannot write {}", place_.string()));
    } else if (!open(place_)) {
        fail(fmt::format("cannot load {}", place_.string()));
    }
    clean_up();
}

bool Compiled::open(const fs::path& file) {
    library_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) return false;
    const void* table = dlsym(library_, table_symbol);
    if (table == nullptr) {
        dlclose(std::exchange(library_, nullptr));
        return false;
    }
    state_ = State::done;
    source_ = {};
    kernels_.store(static_cast<const kernels::Native*>(table), std::memory_order_release);
    return true;
}

void Compiled::fail(std::string why) {
    state_ = State::failed;
    why_ = std::move(why);
}

void Compiled::clean_up() {
    std::error_code failed;
    if (!made_.empty()) fs::remove(made_, failed);
    if (!private_.empty()) fs::remove_all(private_, failed);
}

}  // namespace lanewise::jit
