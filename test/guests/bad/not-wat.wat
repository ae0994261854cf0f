;; Text that is not WebAssembly text.
(component (this is not a component
