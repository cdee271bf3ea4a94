// Programs compiled to machine code: the bits of the interpreter, and nothing lost where there is no
// compiler.
#include <sys/stat.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <random>

#include "aligned.hpp"
#include "bits_of.hpp"
#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/lanewise.hpp"
#include "random_formula.hpp"

using namespace lanewise;
using test::bits_of;
using test::Folder;

namespace {

/// Sets a variable of the environment while it lives; null takes it away.
class Environment {
  public:
    Environment(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        set(value);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { set(before_ ? before_->c_str() : nullptr); }

  private:
    void set(const char* value) const { value != nullptr ? setenv(name_, value, 1) : unsetenv(name_); }

    const char* name_;
    std::optional<std::string> before_;
};

/// A cache of this test's own.
struct Cache {
    Folder folder;
    Environment environment{"XDG_CACHE_HOME", folder.path().c_str()};

    std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
            if (entry.is_regular_file()) found.push_back(entry.path());
        }
        return found;
    }
};

/// Values and gradients at points of all kinds, as bits; every NaN is the same.
template <class T>
std::vector<std::uint64_t> bits_at_points(const Program& program, const Box& box) {
    constexpr std::size_t lanes = 512;
    const std::size_t d = program.dimension();
    const AlignedArray<T> rows((2 * d + 1 + program.scratch_rows()) * lanes);
    T* x = rows.data();
    std::mt19937_64 random(3);
    for (std::size_t j = 0; j < d; ++j) {
        std::uniform_real_distribution<double> inside(box.lower()[j], box.upper()[j]);
        for (std::size_t i = 0; i < lanes; ++i) x[j * lanes + i] = static_cast<T>(inside(random));
        // Some that are no ordinary numbers, each with ordinary neighbours.
        constexpr double infinity = std::numeric_limits<double>::infinity();
        constexpr double nan = std::numeric_limits<double>::quiet_NaN();
        constexpr double special[] = {0.0, -0.0, infinity, -infinity, nan, 1.0, -1.0, 1e-310, 1e300, 8192.5};
        for (const double value : special) x[j * lanes + random() % lanes] = static_cast<T>(value);
    }
    T* f = x + d * lanes;
    const Block<T> block{lanes, d, x, f, f + lanes, f + (d + 1) * lanes, choose_isa()};
    if constexpr (sizeof(T) == sizeof(double)) {
        program.evaluate(block);
    } else {
        program.evaluate_f32(block);
    }
    std::vector<std::uint64_t> bits;
    for (std::size_t i = 0; i < (d + 1) * lanes; ++i)
        bits.push_back(std::isnan(f[i]) ? 0x7ff8U : std::bit_cast<std::uint64_t>(static_cast<double>(f[i])));
    return bits;
}

template <class T>
void check_same_bits(const Program& program, const Box& box, Precision precision) {
    const std::vector<std::uint64_t> interpreted = bits_at_points<T>(program, box);
    REQUIRE(program.native(choose_isa(), precision) == nullptr);
    program.compile(choose_isa(), precision, Compile::finish);
    REQUIRE(program.native(choose_isa(), precision) != nullptr);
    CHECK(bits_at_points<T>(program, box) == interpreted);
}

const Box square{{"x", -5, 5}, {"y", -5, 5}};
constexpr const char* himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2";

std::string content_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a compiled program has the bits of the interpreter") {
    const Cache cache;
    SECTION("every operation, each on variables of its own") {
        std::string text;
        std::size_t j = 0;
        const auto add = [&](const std::string& before, const std::string& after) {
            text += (text.empty() ? "" : " + ") + before + "x[" + std::to_string(j++) + "]" + after;
        };
        for (const char* name :
             {"sqrt",   "cbrt", "exp",  "expm1", "exp2", "log",   "log1p", "log2", "log10", "sin",
              "cos",    "tan",  "asin", "acos",  "atan", "sinh",  "cosh",  "tanh", "erf",   "erfc",
              "lgamma", "abs",  "sign", "floor", "ceil", "gamma", "round", "trunc"})
            add(std::string(name) + "(", ")");
        for (const char* name : {"atan2", "min", "max", "pow", "hypot", "mod"}) {
            add(std::string(name) + "(", ", x[" + std::to_string(j + 1) + "])");
            ++j;
        }
        for (const char* relation : {"<", "<=", ">", ">=", "==", "!="}) {
            add("if(", std::string(" ") + relation + " 0.25, x[" + std::to_string(j + 1) + "]^3, 2)");
            ++j;
        }
        add("if(not (", " > 0.5 or x[0] < 0.1) and x[1] > 0.5, x[2]/x[3], 1/x[4])");
        add("", "*0");  // a derivative that is 0
        const Box box{{"x", 0.01, 0.99, j}};
        check_same_bits<double>(Expression(text, box), box, Precision::f64);
        check_same_bits<float>(Expression(text, box), box, Precision::f32);
    }
    SECTION("random formulas") {
        for (const std::uint64_t seed : {1, 2, 3, 4}) {
            const std::string text = test::as_text(test::random_formula(seed, 80, false));
            INFO(text);
            const Expression program(text, test::formula_box(), test::formula_parameters());
            check_same_bits<double>(program, test::formula_box(), Precision::f64);
        }
    }
}

TEST_CASE("a search comes to the same bits compiled or not") {
    const Cache cache;
    Options options{.starts = 300, .iterations = 150};
    const auto search = [&](Jit jit) {
        options.jit = jit;
        const Result result = minimize(himmelblau, square, options);
        CHECK(result.native == (jit == Jit::on));
        return bits_of(result);
    };
    for (const bool maximize : {false, true}) {
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            options.maximize = maximize;
            options.precision = precision;
            CHECK(search(Jit::on) == search(Jit::off));
        }
    }
    options.rule.method = Method::nadam;
    CHECK(search(Jit::on) == search(Jit::off));
    CHECK(cache.files().size() == 2);  // one for each precision
}

TEST_CASE("a program is compiled once and found again") {
    const Cache cache;
    const auto is_found = [](const char* text) {
        const Expression program(text, square);
        program.compile(choose_isa(), Precision::f64, Compile::look_up);
        return program.native(choose_isa(), Precision::f64) != nullptr;
    };
    CHECK_FALSE(is_found(himmelblau));
    CHECK(cache.files().empty());
    Expression(himmelblau, square).compile(choose_isa(), Precision::f64, Compile::finish);
    CHECK(is_found(himmelblau));
    CHECK_FALSE(is_found("x^2 + y"));
    {
        const Environment another_compiler("LANEWISE_CXX", "g++");
        CHECK_FALSE(is_found(himmelblau));
    }
    REQUIRE(cache.files().size() == 1);

    SECTION("a damaged file is made again") {
        const std::filesystem::path kept = cache.files()[0];
        std::filesystem::remove(kept);
        std::ofstream(kept) << "no ELF";
        const Expression again(himmelblau, square);
        again.compile(choose_isa(), Precision::f64, Compile::look_up);
        CHECK(again.native(choose_isa(), Precision::f64) == nullptr);
        again.compile(choose_isa(), Precision::f64, Compile::finish);
        CHECK(again.native(choose_isa(), Precision::f64) != nullptr);
        CHECK(is_found(himmelblau));
    }
    SECTION("what others could have written is not loaded") {
        chmod((cache.folder / "lanewise").c_str(), 0777);
        CHECK_FALSE(is_found(himmelblau));
    }
}

TEST_CASE("what cannot be compiled is interpreted, and told where it was asked for") {
    const Cache cache;
    const auto fails_with = [](const std::string& message) {
        const Expression program(himmelblau, square);
        for (const Compile how : {Compile::look_up, Compile::begin, Compile::begin})
            CHECK_NOTHROW(program.compile(choose_isa(), Precision::f64, how));
        CHECK_THROWS_WITH(program.compile(choose_isa(), Precision::f64, Compile::finish),
                          ContainsSubstring(message));
        CHECK(program.native(choose_isa(), Precision::f64) == nullptr);
        CHECK(minimize(program, square, {.starts = 20}).best.f < 1e-9);
        CHECK_THROWS_AS(minimize(program, square, {.starts = 20, .jit = Jit::on}), std::runtime_error);
    };
    SECTION("no compiler") {
        const Environment environment("LANEWISE_CXX", "/nowhere/c++");
        fails_with("jit: the compiler /nowhere/c++ failed");
    }
    SECTION("a compiler that fails") {
        const Environment environment("LANEWISE_CXX", "false");
        fails_with("jit: the compiler false failed");
    }
    SECTION("a compiler that writes nothing") {
        const Environment environment("LANEWISE_CXX", "true");
        fails_with("jit: cannot write");
    }
    SECTION("a program that is too long") {
        std::string text = "0";
        for (int i = 0; i < 8000; ++i) text += " + sin(x + " + std::to_string(i) + ")*y";
        const Expression program(text, square);
        CHECK_THROWS_WITH(program.compile(choose_isa(), Precision::f64, Compile::finish),
                          ContainsSubstring("at most 10000"));
    }
    CHECK(cache.files().empty());
}

TEST_CASE("without a folder to keep it a program is compiled all the same") {
    const Folder temporary;
    const Environment no_cache("XDG_CACHE_HOME", nullptr);
    const Environment no_home("HOME", nullptr);
    const Environment temporary_files("TMPDIR", temporary.path().c_str());
    const Expression program(himmelblau, square);
    program.compile(choose_isa(), Precision::f64, Compile::finish);
    CHECK(program.native(choose_isa(), Precision::f64) != nullptr);
    CHECK(std::filesystem::is_empty(temporary.path()));
}

TEST_CASE("a compiler that is at work ends with the program it works for") {
    const Cache cache;
    const Folder folder;
    const auto compiler = folder.file("c++", "#!/bin/sh\necho $$ > " + folder / "pid" + "\nexec sleep 100\n");
    chmod(compiler.c_str(), 0755);
    const Environment environment("LANEWISE_CXX", compiler.c_str());
    {
        const Expression program(himmelblau, square);
        program.compile(choose_isa(), Precision::f64, Compile::begin);
        while (content_of(folder / "pid").empty()) usleep(1000);
        program.compile(choose_isa(), Precision::f64, Compile::begin);
        CHECK(program.native(choose_isa(), Precision::f64) == nullptr);
    }
    CHECK(kill(std::stoi(content_of(folder / "pid")), 0) != 0);
    CHECK(cache.files().empty());
}
