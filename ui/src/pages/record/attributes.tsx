//! Attributes with their types, each with what can be done with it: copy, filter, find what else has the value.

import type { JSX } from "preact";
import { fieldTerm } from "../../model/filter";
import { type Attributes, typeOf, type Value, valueText } from "../../model/record";
import { flowRoute, formatRoute } from "../../model/route";
import { Copy, Go } from "../../widgets/controls";

/** Values longer than this are cut until they are asked for. */
const VALUE_SHOWN = 600;

/** The list. `flows`: names are correlation keys, values lead to flows. */
export function AttributeList(props: {
	attributes: Attributes;
	onFilter?: ((term: string) => void) | undefined;
	marked?: boolean;
	flows?: boolean;
}): JSX.Element | null {
	const entries = Object.entries(props.attributes);
	if (entries.length === 0) return null;
	return (
		<dl class={`attributes mono ${props.marked ? "marked" : ""}`}>
			{entries.map(([name, value]) => (
				<div key={name} class="attribute">
					<dt title={name}>{name}</dt>
					<dd>
						{props.flows ? (
							<Go to={formatRoute(flowRoute(name, valueText(value)))}>{valueText(value)}</Go>
						) : (
							<ValueView value={value} />
						)}
						<span class="attribute-acts">
							<Copy class="bare" label={`Copy the value of ${name}`} text={() => valueText(value)}>
								copy
							</Copy>
							{props.onFilter && (
								<button
									type="button"
									class="bare"
									title="Filter for this value"
									onClick={() => props.onFilter?.(fieldTerm(name, value))}
								>
									filter
								</button>
							)}
							{canBeId(value) && !props.flows && (
								<Go to={formatRoute({ page: "find", id: valueText(value) })} title="Find flows with this value">
									find
								</Go>
							)}
						</span>
					</dd>
				</div>
			))}
		</dl>
	);
}

function ValueView({ value }: { value: Value }): JSX.Element {
	const type = typeOf(value);
	if (type === "array" || type === "map") {
		const text = JSON.stringify(value, null, 1);
		return (
			<>
				<span class="value-text">{cut(text)}</span> <i class="type">{type}</i>
			</>
		);
	}
	return (
		<>
			<span class="value-text">{type === "bytes" ? (value as { bytes: string }).bytes : cut(valueText(value))}</span>
			{type && <i class="type"> {type}</i>}
			{value === "" && <i class="type">empty string</i>}
		</>
	);
}

function cut(text: string): string {
	return text.length > VALUE_SHOWN
		? `${text.slice(0, VALUE_SHOWN)}… (${text.length - VALUE_SHOWN} characters more, see raw JSON)`
		: text;
}

function canBeId(value: Value): boolean {
	return (
		(typeof value === "string" && /^\S{4,200}$/.test(value)) ||
		(typeof value === "number" && Number.isInteger(value) && value > 999)
	);
}
