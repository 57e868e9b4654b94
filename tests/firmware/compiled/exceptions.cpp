// C++: groups, exception tables, virtual functions, templates.

struct Shape {
    virtual ~Shape() {}
    virtual int area() const = 0;
};

struct Square : Shape {
    int side;
    explicit Square(int side) : side(side) {}
    int area() const override { return side * side; }
};

struct Box : Square {
    int height;
    Box(int side, int height) : Square(side), height(height) {}
    int area() const override { return 2 * Square::area() + 4 * side * height; }
};

template <typename T> T largest(const T *data, int size)
{
    T result = data[0];
    for (int i = 1; i < size; i++)
        if (data[i] > result)
            result = data[i];
    return result;
}

struct Guard {
    int &count;
    explicit Guard(int &count) : count(count) { count++; }
    ~Guard() { count--; }
};

int open_guards;

int check(const Shape &shape)
{
    Guard guard(open_guards);
    if (shape.area() > 100)
        throw 5;
    return shape.area();
}

int measure(int side)
{
    try {
        Guard guard(open_guards);
        Box box(side, 3);
        return check(box) + check(Square(side));
    } catch (int code) {
        return code;
    } catch (const char *text) {
        return *text;
    }
}

int numbers(const int *a, const double *b, int size)
{
    return largest(a, size) + static_cast<int>(largest(b, size));
}
