//! Expressions: a recursive-descent parser that computes as it reads.

use super::{TemplateError, Value, Values, lookup};

/// How deep parentheses, signs and function calls may nest.
const MAX_DEPTH: usize = 64;

/// Reads one expression.
pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    depth: usize,
    values: &'a dyn Values,
}

type Outcome = Result<Value, TemplateError>;

/// Binary operators by how tightly they bind, loosest first. Longer spellings stand before their prefixes.
const LEVELS: [&[&str]; 5] =
    [&["||", "or"], &["&&", "and"], &["==", "!=", "<>", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, line: usize, values: &'a dyn Values) -> Self {
        Self { text, at: 0, line, depth: 0, values }
    }

    /// The value of the whole text.
    pub(super) fn value(mut self) -> Outcome {
        let value = self.ternary()?;
        self.blanks();
        match self.rest() {
            "" => Ok(value),
            rest if rest.starts_with("=~") || rest.starts_with("!~") => {
                Err(self.error("regular expressions are not supported; compare with == instead"))
            }
            rest => {
                let rest = rest.to_owned();
                Err(self.error(&format!("`{rest}` is not expected in `{}`", self.text.trim())))
            }
        }
    }

    fn ternary(&mut self) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression nests too deeply"));
        }
        let condition = self.binary(0)?;
        let value = if self.take("?") {
            let truth =
                condition.truth().ok_or_else(|| self.error("what stands before `?` is neither true nor false"))?;
            let yes = self.ternary()?;
            if !self.take(":") {
                return Err(self.error("`?` has no `:`"));
            }
            let no = self.ternary()?;
            if truth { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn binary(&mut self, level: usize) -> Outcome {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|o| self.take(o)) {
            let right = self.binary(level + 1)?;
            left = self.apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Outcome {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression nests too deeply"));
        }
        let value = if self.take("-") {
            let value = self.unary()?;
            Value::Number(-value.number().ok_or_else(|| self.error("`-` needs a number"))?)
        } else if self.take("+") {
            self.unary()?
        } else if self.peek_not() {
            // `not a == b` denies the comparison, as in PrusaSlicer's profiles; `!a` denies `a`.
            let loose = self.take("not");
            if !loose {
                self.take("!");
            }
            let value = if loose { self.binary(2)? } else { self.unary()? };
            Value::Bool(!value.truth().ok_or_else(|| self.error("`not` needs true or false"))?)
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self) -> Outcome {
        self.blanks();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Err(self.error(&format!("a value is missing at the end of `{}`", self.text.trim())));
        };
        if self.take("(") {
            let value = self.ternary()?;
            return if self.take(")") { Ok(value) } else { Err(self.error("`(` has no `)`")) };
        }
        if first == '"' {
            let Some(end) = rest[1..].find('"') else { return Err(self.error("a quote is not closed")) };
            self.at += end + 2;
            return Ok(Value::Text(rest[1..=end].to_owned()));
        }
        if first.is_ascii_digit() || first == '.' {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            self.at += end;
            return rest[..end]
                .parse()
                .map(Value::Number)
                .map_err(|_| self.error(&format!("`{}` is not a number", &rest[..end])));
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.at += end;
            return self.named(&rest[..end]);
        }
        Err(self.error(&format!("`{first}` is not expected in `{}`", self.text.trim())))
    }

    /// A constant, a function or a placeholder.
    fn named(&mut self, name: &str) -> Outcome {
        match name {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ => {}
        }
        if self.take("(") {
            let mut arguments = Vec::new();
            while !self.take(")") {
                if !arguments.is_empty() && !self.take(",") {
                    return Err(self.error(&format!("`{name}(` has no `)`")));
                }
                arguments.push(self.ternary()?);
            }
            return self.call(name, &arguments);
        }
        let value = lookup(name, self.line, self.values)?;
        if !self.take("[") {
            return Ok(value);
        }
        let index = self.ternary()?.number().filter(|n| *n >= 0.0);
        match (index, self.take("]")) {
            (Some(index), true) => Ok(value.at(index as usize)),
            _ => Err(self.error(&format!("the index of `{name}[…]` is not a number from 0"))),
        }
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Outcome {
        match (name, arguments) {
            ("size", [Value::List(list)]) => return Ok(Value::Number(list.len() as f64)),
            ("size", [_]) => return Ok(Value::Number(1.0)),
            ("empty", [Value::List(list)]) => return Ok(Value::Bool(list.is_empty())),
            ("empty", [Value::Text(text)]) => return Ok(Value::Bool(text.is_empty())),
            _ => {}
        }
        let numbers: Option<Vec<f64>> = arguments.iter().map(Value::number).collect();
        let numbers = numbers.ok_or_else(|| self.error(&format!("`{name}` needs numbers")))?;
        let padded = |zeros: bool, value: f64, digits: f64, places: f64| {
            let (digits, places) = (digits.clamp(0.0, 30.0) as usize, places.clamp(0.0, 9.0) as usize);
            Value::Text(if zeros { format!("{value:0digits$.places$}") } else { format!("{value:digits$.places$}") })
        };
        Ok(match (name, numbers.as_slice()) {
            ("min", [first, more @ ..]) => Value::Number(more.iter().fold(*first, |a, b| a.min(*b))),
            ("max", [first, more @ ..]) => Value::Number(more.iter().fold(*first, |a, b| a.max(*b))),
            ("abs", [x]) => Value::Number(x.abs()),
            ("round", [x]) => Value::Number(x.round()),
            ("floor", [x]) => Value::Number(x.floor()),
            ("ceil", [x]) => Value::Number(x.ceil()),
            ("int", [x]) => Value::Number(x.trunc()),
            ("digits", [x, digits]) => padded(false, *x, *digits, 0.0),
            ("digits", [x, digits, places]) => padded(false, *x, *digits, *places),
            ("zdigits", [x, digits]) => padded(true, *x, *digits, 0.0),
            ("zdigits", [x, digits, places]) => padded(true, *x, *digits, *places),
            _ => return Err(self.error(&format!("there is no function `{name}` with {} arguments", numbers.len()))),
        })
    }

    fn apply(&self, operator: &str, left: Value, right: Value) -> Outcome {
        let needs = |what: &str| self.error(&format!("`{operator}` needs {what}"));
        match operator {
            "||" | "or" | "&&" | "and" => {
                let (Some(a), Some(b)) = (left.truth(), right.truth()) else { return Err(needs("true or false")) };
                return Ok(Value::Bool(if matches!(operator, "||" | "or") { a || b } else { a && b }));
            }
            _ => {}
        }
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::List(list) => match list.first() {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        if let (Some(a), Some(b)) = (text(&left), text(&right)) {
            return match operator {
                "+" => Ok(Value::Text(a + &b)),
                "==" => Ok(Value::Bool(a == b)),
                "!=" | "<>" => Ok(Value::Bool(a != b)),
                "<" => Ok(Value::Bool(a < b)),
                ">" => Ok(Value::Bool(a > b)),
                "<=" => Ok(Value::Bool(a <= b)),
                ">=" => Ok(Value::Bool(a >= b)),
                _ => Err(needs("numbers")),
            };
        }
        if operator == "+" && (text(&left).is_some() || text(&right).is_some()) {
            return Ok(Value::Text(format!("{left}{right}")));
        }
        let (Some(a), Some(b)) = (left.number(), right.number()) else { return Err(needs("numbers")) };
        Ok(match operator {
            "==" => Value::Bool(a == b),
            "!=" | "<>" => Value::Bool(a != b),
            "<" => Value::Bool(a < b),
            ">" => Value::Bool(a > b),
            "<=" => Value::Bool(a <= b),
            ">=" => Value::Bool(a >= b),
            "+" => Value::Number(a + b),
            "-" => Value::Number(a - b),
            "*" => Value::Number(a * b),
            _ if b == 0.0 => return Err(self.error("division by zero")),
            "/" => Value::Number(a / b),
            _ => Value::Number(a % b),
        })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn peek_not(&mut self) -> bool {
        self.blanks();
        let rest = self.rest();
        word_follows(rest, "not") || (rest.starts_with('!') && !rest.starts_with("!=") && !rest.starts_with("!~"))
    }

    /// Steps over a token if it comes next. Words must end where the token does.
    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let rest = self.rest();
        let is_word = token.starts_with(|c: char| c.is_ascii_alphabetic());
        let follows = if is_word { word_follows(rest, token) } else { rest.starts_with(token) };
        if follows {
            self.at += token.len();
        }
        follows
    }

    fn error(&self, message: &str) -> TemplateError {
        TemplateError::Syntax { line: self.line, message: message.to_owned() }
    }
}

fn word_follows(rest: &str, word: &str) -> bool {
    rest.strip_prefix(word).is_some_and(|tail| !tail.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}
