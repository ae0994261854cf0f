;; Well-formed text whose module does not validate: it adds a number to nothing.
(component (core module (func (result i32) (i32.add (i32.const 1)))))
